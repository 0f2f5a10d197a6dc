"""Which package a visit belongs to. No tables."""
