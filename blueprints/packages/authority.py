"""Packages as officers see, authorise and keep them (rules 3.1 to 3.9): the pages of all these files."""

from blueprints.packages import authorising, browsing, keeping, pricing, record
from blueprints.packages.desk import routes

__all__ = ["authorising", "browsing", "keeping", "pricing", "record", "routes"]
