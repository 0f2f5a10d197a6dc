"""The authority's own words in mail, by kind of message (Y-15)."""

from __future__ import annotations

import database
from blueprints import history
from blueprints.settings import rules
from models import db

STORED = "mail words"
MOST = 1000  # characters


def of(kind: str) -> str:
    """The words that a kind of mail has now."""
    return rules.read().mail_words.get(kind, "")


def change(by: history.Actor, kind: str, title: str, words: str) -> bool:
    """Give a kind of mail these words, or none, with history; returns whether anything changed."""
    with db.atomic():
        database.serialise(db, f"settings {STORED}")
        now = rules.read().mail_words
        before = now.get(kind, "")
        if before == words:
            return False
        rules.put(STORED, {name: text for name, text in {**now, kind: words}.items() if text}, by)
        label = f"Words in mail: {title}"
        history.record(by, "Changed setting", ("setting", None), {label: before}, {label: words})
    return True
