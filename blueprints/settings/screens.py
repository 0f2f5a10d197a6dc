"""The tabs that the pages of the settings share."""

from __future__ import annotations

from blueprints import records


def tabs(current: str) -> list[dict]:
    """The tabs of the settings' pages; those whose area is not built are absent."""
    return records.tabs(
        current,
        ("Settings", "authority.settings.index", {}),
        ("Lists", "authority.settings.lists", {}),
        ("Kinds of provider", "authority.settings.kinds", {}),
        ("Visit types", "authority.settings.visit_types", {}),
        ("Teams", "authority.teams.index", {}),
        ("Roles", "authority.settings.roles", {}),
        ("History", "authority.settings.story", {}),
    )
