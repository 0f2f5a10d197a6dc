"""What the pages of both sides share: a kind's form, and values with what is asked for beside them (rule 9.3)."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from flask import abort, g, url_for

from blueprints import records
from blueprints.requests import kinds, rules
from blueprints.requests.kinds import Kind
from models import ChangeRequest


class Line(NamedTuple):
    """A field as it is shown: its value, and those that are asked for; several as a list."""

    label: str
    now: str | list[str]
    asked: list[str | list[str]] = []
    is_asked: bool = False
    note: str = ""


def form_class(kind: Kind):
    """The form that a kind declares."""
    module, _, name = kind.form.partition(":")
    return getattr(importlib.import_module(module), name)


def record_lines(kind: Kind, row, pending: Iterable[ChangeRequest]) -> list[Line]:
    """All fields of a record with what its pending requests ask for."""
    asked = rules.pending_values(pending)
    found = kind.facts(row)
    return [
        Line(
            field.label,
            kind.words(field, found[field.name]),
            [kind.words(field, value) for value in asked.get(field.name, ())],
            field.name in asked,
        )
        for field in kind.fields
    ]


def request_lines(request: ChangeRequest, whole: bool = True) -> list[Line]:
    """The fields of a request, before and after; with `whole` also the record's others as they are (E-10)."""
    kind = kinds.of(request.kind)
    asked = {one.name: one for one in rules.asked_of(request)}
    names = [field.name for field in kind.fields] + [n for n in asked if n not in {f.name for f in kind.fields}]
    row = kind.get(request) if whole and request.is_pending and not kind.is_new else None
    found = kind.facts(row) if row is not None else {}
    made = []
    for name in names:
        field = kind.field(name)
        if one := asked.get(name):
            note = ""
            if request.state == "Approved" and not one.is_applied:
                note = "left as it was"
            elif request.state == "Approved" and one.applied != one.after:
                note = f"the authority chose {as_text(kind.words(field, one.applied)) or 'nothing'} instead"
            made.append(Line(field.label, kind.words(field, one.before), [kind.words(field, one.after)], True, note))
        elif name in found:
            made.append(Line(field.label, kind.words(field, found[name])))
    return made


def as_text(words: str | list[str]) -> str:
    """Words on one line."""
    return words if isinstance(words, str) else "; ".join(words)


def in_short(request: ChangeRequest, asked: list[rules.Asked]) -> list[tuple]:
    """(label, before, after) of each change of a request, for lists."""
    kind = kinds.of(request.kind)
    return [
        (kind.field(one.name).label, *(kind.words(kind.field(one.name), value) for value in (one.before, one.after)))
        for one in asked
    ]


def in_text(request: ChangeRequest, asked: list[rules.Asked]) -> list[list[str]]:
    """The same as text alone, for files."""
    return [[label, as_text(before), as_text(after)] for label, before, after in in_short(request, asked)]


def wanted_kind(name: str) -> Kind:
    """The kind of an address, where the authority takes it and its module is on; else 404."""
    from blueprints import sides

    kind = kinds.every().get(name)
    if kind is None or not rules.is_on(kind, g.settings) or (kind.area and not sides.module_is_on(kind.area)):
        abort(404)
    return kind


def offers(name: str) -> bool:
    """A button for this kind belongs on the page: it is taken, its module is on, and the person may ask."""
    from blueprints import sides

    kind = kinds.every().get(name)
    return bool(
        kind
        and rules.is_on(kind, g.settings)
        and (not kind.area or sides.module_is_on(kind.area))
        and kind.act in g.acts
    )


def ask_href(name: str, ident: int) -> str | None:
    """The address of a kind's form, or None where it is not offered."""
    return url_for("provider.requests.ask", kind=name, ident=ident) if offers(name) else None


def pending_words(count: int) -> str:
    """`1 change pending` (E-09)."""
    return f"{count} change{'' if count == 1 else 's'} pending"


def breadcrumb(side: str, text: str, endpoint: str, **values: Any) -> tuple[str, str | None]:
    """A step of the way back; without an address where its area is not there."""
    return text, records.where(f"{side}.{endpoint}", **values)
