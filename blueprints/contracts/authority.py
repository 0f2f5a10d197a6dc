"""Contracts, payment cycles and their periods at the officers' door (rule 7.1): the pages of all these files."""

from blueprints.contracts import browsing, calendar, cycles, dates
from blueprints.contracts.desk import routes

__all__ = ["browsing", "calendar", "cycles", "dates", "routes"]
