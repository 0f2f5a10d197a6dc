"""Each door's first page, and help. No tables."""
