"""Keeping a portal well: copies of its database, copies without persons, an examination. Used by commands only."""
