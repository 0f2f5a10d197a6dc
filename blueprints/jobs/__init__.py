"""Work done apart from a request. Table: Job."""
