"""What may happen to a visit, and the authority's visit types (rules 5.5, 5.7)."""

from __future__ import annotations

from models import VisitType

# The set of guide 004: code, name, contract types, pays, charges, needs delivered times, needs a comment.
DEFAULT_TYPES = [
    ("C24", "Cancelled > 24", "", "none", "none", False, False),
    ("C", "Cancelled < 24", "", "planned", "planned", False, False),
    ("E", "Exceptional Visit", "", "delivered", "delivered", True, True),
    ("U", "Undeliverable", "", "planned", "planned", False, True),
    ("DHS", "Delivered", "not LWAH", "delivered", "delivered", True, False),
    ("DHF", "Delivered (Live Well at Home)", "LWAH", "delivered", "delivered", True, False),
    ("H", "Hospital", "", "none", "none", False, False),
]


def default_types() -> None:
    """Make the default visit types in a new database (rule 5.5)."""
    names = ("code", "name", "contract_types", "pays", "charges", "needs_delivered", "needs_comment")
    for row in DEFAULT_TYPES:
        VisitType.create(**dict(zip(names, row, strict=True)))
