"""The authority's questions about visits and actuals, and the providers' answers. Tables: Dispute, DisputeRow."""
