"""Unplanned actuals: what was delivered at a level that the client has no package for (rule 4.6, M-26).

They cost nothing until an officer turns them into the actual of a package, or refuses them.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import database
from blueprints import consequences, history
from blueprints.actuals import entering, posting
from blueprints.actuals.entering import Clash, Closed, Figures, Seen, Terms
from blueprints.facts import Fault, Faulty
from blueprints.money import number
from blueprints.packages import rules as packages
from blueprints.packages.plan import planned_quantity
from models import (
    Actual,
    Client,
    Entry,
    Organisation,
    Package,
    PaidOn,
    Service,
    ServiceLevel,
    UnplannedActual,
    UnplannedState,
    db,
    utc_now,
)

OFF = "Unplanned actuals are not used by this authority. Ask it for a package"


def levels(reach, client: int, service: int, week: dt.date) -> list[tuple[int, str]]:
    """The levels that may be added for a client: entered by hand, and not among its packages of the service (M-26)."""
    own = Package.select(Package.level).where(
        reach.services(Package.service, Package.organisation)
        & (Package.client == client) & (Package.service == service) & Package.authorised & posting.active_in(week)
    )  # fmt: skip
    there = UnplannedActual.select(UnplannedActual.level).where(
        (UnplannedActual.client == client) & (UnplannedActual.service == service) & (UnplannedActual.week == week)
    )
    query = ServiceLevel.select(ServiceLevel.id, ServiceLevel.name).where(
        (ServiceLevel.paid_on == PaidOn.ACTUALS)
        & ServiceLevel.entry.in_([Entry.WEEKLY, Entry.DAILY])
        & ~ServiceLevel.intermittent
        & ServiceLevel.id.not_in(own)
        & ServiceLevel.id.not_in(there)
    )
    return list(query.order_by(ServiceLevel.name).tuples())


def save(
    organisation: int, service: int, client: int, level: int, week: dt.date, wanted: Figures, seen: Seen,
    by: history.Actor, terms: Terms,
) -> bool:  # fmt: skip
    """Add or change an unplanned actual; False where nothing changed. Raises Closed, Clash, Faulty."""
    with db.atomic():
        database.serialise(db, "settle")
        row = UnplannedActual.get_or_none(
            (UnplannedActual.service == service) & (UnplannedActual.week == week)
            & (UnplannedActual.client == client) & (UnplannedActual.level == level)
        )  # fmt: skip
        before = Figures(row.actual, visits=row.visits, comments=row.comments) if row else None
        wanted = Figures(wanted.actual, visits=wanted.visits, comments=wanted.comments.strip())
        if before == wanted:
            return False
        if closed := why_closed(row, service, week, terms):
            raise Closed(closed)
        if (row.version if row else 0) != seen.version:
            said = (
                f"{row.changed_by} changed this row while you had it open" if row else "The row is not there any more"
            )
            raise Clash(said, before, row.changed_by if row else "", row.version if row else 0, 0)
        if terms.settings.comments_on_change and not wanted.comments:
            raise Faulty([Fault("comments", "Enter a comment that says why there is no package")])
        facts = {
            "actual": wanted.actual, "visits": wanted.visits, "comments": wanted.comments, "by_officer": terms.officer,
            "changed_at": utc_now(), "changed_by": by.name, "state": UnplannedState.PENDING, "reason": "",
        }  # fmt: skip
        if row is None:
            row = UnplannedActual.create(
                organisation=organisation, service=service, client=client, level=level, week=week, **facts
            )
        else:
            UnplannedActual.update(version=UnplannedActual.version + 1, **facts).where(
                UnplannedActual.id == row.id
            ).execute()
        what = "Changed an unplanned actual" if before else "Added an unplanned actual"
        history.record(
            by, what, ("unplanned_actual", row.id), told(before) if before else {},
            {"week": week, **told(wanted)} if before is None else told(wanted), organisation=organisation,
        )  # fmt: skip
    return True


def told(figures: Figures) -> dict:
    """Figures as the history shows them."""
    return {"actual": number(figures.actual), "visits": figures.visits, "comments": figures.comments}


def why_closed(row: UnplannedActual | None, service: int, week: dt.date, terms: Terms) -> str:
    """Why an unplanned actual cannot be changed, empty where it can."""
    if not terms.settings.unplanned_actuals:
        return OFF
    if row and row.state == UnplannedState.ACCEPTED:
        return "The authority has made this a package's actual. Change that one"
    if not terms.officer and entering.is_locked(service, week):
        return entering.LOCKED
    return entering.too_far(week, terms)


# the officer -----------------------------------------------------------------------------------------------------------


class Waiting(NamedTuple):
    """An unplanned actual as the officers' queue shows it."""

    row: UnplannedActual
    packages: list[Package]  # that it could become the actual of


def waiting(condition) -> list[Waiting]:
    """The unplanned actuals of a condition, oldest first, each with the packages that fit it, by two queries."""
    rows = list(
        UnplannedActual.select(UnplannedActual, Organisation, Service, Client, ServiceLevel)
        .join(Organisation).switch(UnplannedActual).join(Service).switch(UnplannedActual).join(Client)
        .switch(UnplannedActual).join(ServiceLevel)
        .where(condition)
        .order_by(UnplannedActual.created_at, UnplannedActual.id)
    )  # fmt: skip
    if not rows:
        return []
    found = list(
        Package.select()
        .where(
            Package.client.in_({row.client_id for row in rows})
            & Package.service.in_({row.service_id for row in rows})
            & Package.level.in_({row.level_id for row in rows})
        )
        .order_by(Package.cpli_id)
    )
    return [Waiting(row, [p for p in found if fits(p, row)]) for row in rows]


def fits(package: Package, row: UnplannedActual) -> bool:
    """The package is of the same client, service and level, and active in the week."""
    same = (package.client_id, package.service_id, package.level_id) == (row.client_id, row.service_id, row.level_id)
    week = row.week
    return same and package.start_date <= week + dt.timedelta(6) and (not package.end_date or package.end_date >= week)


def accept(asked: UnplannedActual | int, package: Package, by: history.Actor, terms: Terms) -> None:
    """Make an unplanned actual that of a package, which is paid from now on. Raises Closed.

    The row keeps the provider's comment, and says that an officer entered it.
    """
    with db.atomic():
        database.serialise(db, "settle")
        row = UnplannedActual.get_by_id(getattr(asked, "id", asked))
        if row.state != UnplannedState.PENDING:
            raise Closed(f"This was {row.state.lower()} already, by {row.by}")
        if not fits(package, row):
            raise Closed("The package is not of this client, service and level in this week. Choose another one")
        if not package.authorised:
            raise Closed(f"CPLI {package.cpli_id} is not authorised yet. Authorise it first")
        if Actual.get_or_none((Actual.package == package) & (Actual.week == row.week)):
            raise Closed(f"CPLI {package.cpli_id} has an actual in this week already. Change that one, or refuse this")
        line = packages.lines(Package.id == package.id)[package.id]
        wanted = entering.tidy(line, Figures(row.actual, visits=row.visits, comments=row.comments))
        planned = planned_quantity(line.plan, row.week)
        if line.plan.entry != Entry.DAILY:
            over = row.actual - planned
            wanted = wanted._replace(extra=max(0, over), missed=max(0, -over))
        figures = entering.put(line, row.week, planned, None, None, wanted, by, terms)
        _decided(row, UnplannedState.ACCEPTED, "", by, package)
        consequences.follow_actuals({(package.id, row.week): (line, figures)})


def refuse(asked: UnplannedActual | int, reason: str, by: history.Actor) -> None:
    """Refuse an unplanned actual; the provider is told why. Raises Faulty without a reason, Closed where it is over."""
    if not reason.strip():
        raise Faulty([Fault("reason", "Enter the reason: the provider is told")])
    with db.atomic():
        database.serialise(db, "settle")
        row = UnplannedActual.get_by_id(getattr(asked, "id", asked))
        if row.state != UnplannedState.PENDING:
            raise Closed(f"This was {row.state.lower()} already, by {row.by}")
        _decided(row, UnplannedState.REFUSED, reason.strip(), by, None)


def _decided(row: UnplannedActual, state: str, reason: str, by: history.Actor, package: Package | None) -> None:
    UnplannedActual.update(
        state=state, reason=reason, by=by.name, at=utc_now(), package=package, version=UnplannedActual.version + 1
    ).where(UnplannedActual.id == row.id).execute()
    what = "Accepted an unplanned actual" if package else "Refused an unplanned actual"
    after = {"package": package.cpli_id} if package else {"reason": reason}
    history.record(by, what, ("unplanned_actual", row.id), {}, after, organisation=row.organisation_id)


def refused(reach, since: dt.datetime) -> list[UnplannedActual]:
    """What was refused within reach since a moment, for the provider's home page."""
    within = reach.services(UnplannedActual.service, UnplannedActual.organisation)
    return list(
        UnplannedActual.select(UnplannedActual, Client)
        .join(Client)
        .where(within & (UnplannedActual.state == UnplannedState.REFUSED) & (UnplannedActual.at > since))
        .order_by(UnplannedActual.at)
    )
