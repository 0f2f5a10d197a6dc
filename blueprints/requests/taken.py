"""Which kinds of request are taken, and which are let through at once: the officers' page (rule 9.1, F-12)."""

from __future__ import annotations

from flask import Blueprint, flash, g, request, url_for
from peewee import fn

from blueprints import history, records
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.requests import kinds
from blueprints.settings import rules as settings
from forms.requests import PressForm
from models import ChangeRequest, RequestState, db


def add(routes: Blueprint) -> None:
    """Give the authority's door these routes."""
    for path, view, act, methods in (
        ("/requests/kinds", kinds_list, Can.SEE_RECORDS, ["GET"]),
        ("/requests/kinds", change_kinds, Can.EDIT_SETTINGS, ["POST"]),
    ):
        routes.add_url_rule(path, view.__name__, requires(act)(view), methods=methods)


def kinds_list():
    """The kinds of request: which are taken, and which are let through at once (rule 9.1)."""
    return kinds_page(PressForm())


def kinds_page(form: PressForm, status: int = 200):
    """The table of kinds."""
    counts = dict(
        ChangeRequest.select(ChangeRequest.kind, fn.COUNT(ChangeRequest.id))
        .where(ChangeRequest.state == RequestState.PENDING)
        .group_by(ChangeRequest.kind)
        .tuples()
    )
    return page(
        "requests/kinds.html",
        status,
        heading="Kinds of request",
        breadcrumbs=[records.home(), ("Change requests", url_for("authority.requests.index")), ("Kinds", None)],
        rows=[
            {
                "kind": kind,
                "off": kind.name in g.settings.requests_with("off"),
                "at_once": kind.name in g.settings.requests_with("at once"),
                "pending": counts.get(kind.name, 0),
            }
            for kind in kinds.every().values()
        ],
        form=form,
        may=can(Can.EDIT_SETTINGS),
        reasons=g.settings.rejection_reasons,
    )


def change_kinds():
    """Say which kinds are taken, and which are let through at once."""
    form = PressForm()
    if not form.validate():
        return kinds_page(form, 422)
    names = list(kinds.every())
    wanted = {
        "off": sorted(name for name in names if name not in request.form.getlist("taken")),
        "at once": sorted(name for name in names if name in request.form.getlist("at_once")),
    }
    with db.atomic():
        before = {what: sorted(settings.read().requests_with(what)) for what in wanted}
        for what, value in wanted.items():
            if before[what] != value:
                settings.put(f"requests {what}", value, records.actor())
                history.record(
                    records.actor(), "Changed setting", ("setting", None),
                    {f"requests {what}": ", ".join(before[what])}, {f"requests {what}": ", ".join(value)},
                )  # fmt: skip
    flash("The kinds of request are saved." if before != wanted else "Nothing was changed.", "success")
    return go(url_for("authority.requests.kinds_list"))
