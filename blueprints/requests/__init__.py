"""Changes that providers ask for and the authority decides; one mechanism for all kinds. Table: ChangeRequest."""
