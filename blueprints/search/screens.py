"""The pages of a search, the same at both doors: what was found of each kind, and all of one kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flask import Blueprint, abort, current_app, g, request, url_for

from blueprints import permissions, records, sides
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.search import rules
from blueprints.values import show_date
from forms.search import SearchForm
from models import Search

# Where a record's page is at each door: endpoint and the name of its id. What has no page at a door is not found there.
PAGES = {
    "authority": {
        "client": ("authority.clients.show", "client_id"),
        "organisation": ("authority.organisations.show", "organisation_id"),
        "service": ("authority.services.show", "service_id"),
        "contract": ("authority.contracts.show", "contract_id"),
        "package": ("authority.packages.show", "package_id"),
        "visit": ("authority.visits.show", "visit_id"),
        "contact": ("authority.contacts.show", "contact_id"),
        "person": ("authority.accounts.show", "user_id"),
    },
    "provider": {
        "service": ("provider.services.show", "service_id"),
        "contact": ("provider.contacts.show", "contact_id"),
        "package": ("provider.packages.show", "package_id"),
        "visit": ("provider.visits.show", "visit_id"),
    },
}


class Hit(NamedTuple):
    """A record as a search shows it: its name, what tells it from others, and where its page is."""

    name: str
    detail: str
    href: str | None


def build(side: str) -> Blueprint:
    """The routes of one door."""
    routes = Blueprint("search", __name__)
    screens = Screens(side)
    routes.add_url_rule("/searches", "begin", requires(Can.SIGNED_IN)(screens.begin), methods=["POST"])
    routes.add_url_rule("/searches/<int:search_id>", "show", requires(Can.SIGNED_IN)(screens.show))
    return routes


class Screens:
    """The pages of one door."""

    def __init__(self, side: str):
        self.side = side

    def begin(self):
        """Look for what was typed: noted, so that the address of the answer keeps no name."""
        form = SearchForm()
        try:
            if not form.validate():
                raise rules.Refused("Enter what to look for")
            made = rules.begin(form.words.data or "", g.user)
        except rules.Refused as refusal:
            return page(
                "search/found.html", 422, layout=f"{self.side}.html", words=form.words.data or "", refusal=str(refusal),
                groups=[], breadcrumbs=self.crumbs(),
            )  # fmt: skip
        return go(url_for(f"{self.side}.search.show", search_id=made.id))

    def show(self, search_id: int):
        """What was found, the first of each kind; or all of one kind. A single exact find is gone to at once."""
        search = Search.get_or_none((Search.id == search_id) & (Search.user == g.user.id)) or abort(404)
        kind = rules.KINDS.get(request.args.get("kind", ""))
        kinds = [kind] if kind else list(rules.KINDS.values())
        groups = [
            group for one in kinds if self.is_open(one.name) and (group := self.group(one, search, kind is not None))
        ]
        if not kind and len(groups) == 1 and len(groups[0]["rows"]) == 1 and groups[0]["rows"][0].href:
            return go(groups[0]["rows"][0].href)
        if groups:
            rules.note_look(search, g.user)
        return page(
            "search/found.html", layout=f"{self.side}.html", words=search.words, refusal="", groups=groups, kind=kind,
            breadcrumbs=self.crumbs(),
        )  # fmt: skip

    def crumbs(self) -> list:
        """The way here."""
        return [("Home", url_for(f"{self.side}.home.index")), ("Search", None)]

    def is_open(self, name: str) -> bool:
        """Records of this kind have a page at this door, and the person may see it."""
        endpoint, _ = PAGES[self.side].get(name, ("", ""))
        if not endpoint:
            return False
        area = endpoint.split(".")[1]
        if not permissions.can(current_app.view_functions[endpoint].act):
            return False
        return sides.is_there(area) if self.side == "provider" else sides.is_open_to_officers(area)

    def group(self, kind: rules.Kind, search: Search, whole: bool) -> dict | None:
        """What was found of a kind: the first few, or with `whole` a page of all."""
        query = rules.found(kind, search.words, g.reach)
        if whole:
            count = query.count()
            pages = max(1, -(-count // records.PER_PAGE))
            number = records.wanted_page(pages)
            rows = list(query.limit(records.PER_PAGE).offset((number - 1) * records.PER_PAGE))
            return {
                "kind": kind,
                "count": count,
                "rows": self.hits(kind.name, rows),
                "page": number,
                "pages": pages,
                "more": None,
            }
        rows = list(query.limit(rules.FEW + 1))
        if not rows:
            return None
        more = (
            url_for(f"{self.side}.search.show", search_id=search.id, kind=kind.name) if len(rows) > rules.FEW else None
        )
        return {
            "kind": kind,
            "count": len(rows),
            "rows": self.hits(kind.name, rows[: rules.FEW]),
            "more": more,
            "page": 1,
            "pages": 1,
        }

    def hits(self, name: str, rows: Iterable) -> list[Hit]:
        """Records of a kind as they are shown."""
        endpoint, key = PAGES[self.side][name]
        made = []
        for row in rows:
            made.append(Hit(*described(name, row), url_for(endpoint, **{key: row.id})))
        return made


def described(name: str, row) -> tuple[str, str]:
    """What a record is called, and what tells it from others of the same name."""
    if name == "client":
        born = f", born {show_date(row.date_of_birth)}" if row.date_of_birth else ""
        return row.name, f"{row.ssref}{born}"
    if name == "package":
        return f"{row.cpli_id}", f"{row.client.name}, {row.level.name}, {row.service.name}"
    if name == "visit":
        who = row.client.name if row.client_id else row.ssref
        return row.ref, f"{show_date(row.planned_date)}, {who}, {row.organisation.name}"
    if name == "person":
        return row.name, f"{row.email}, {row.organisation.name if row.organisation_id else 'officer'}"
    if name == "contact":
        where = row.organisation.name if row.organisation_id else "the authority"
        return row.file_name, ", ".join(
            part for part in (row.position, where, "" if row.is_current else "not current") if part
        )
    if name == "organisation":
        return row.name, ", ".join(part for part in (row.ref, row.town) if part)
    return row.name, f"{row.ref}, {row.organisation.name}"
