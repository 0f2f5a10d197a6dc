"""Actuals: what was delivered in a week against a package. Providers post them; officers correct them."""
