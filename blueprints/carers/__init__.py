"""A provider's staff whom its visits name. Table: Carer."""
