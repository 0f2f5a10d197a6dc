"""Figures that leave the portal; a report is a function from a person and parameters to typed rows. No tables."""
