"""Payments: what is due for each package and week, and the adjustments of weeks already paid."""
