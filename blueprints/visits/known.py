"""What a visits file is judged by: the authority's types and levels, and what the organisation itself has (rule 5.3).

Read once for a file. Clients, services and carers are the organisation's own only, so that no answer tells of others.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from blueprints import weeks
from blueprints.packages.rules import day
from blueprints.reach import Reach
from blueprints.settings import rules as settings
from blueprints.values import Names
from models import (
    Carer,
    Client,
    Contract,
    LockedWeek,
    Organisation,
    Package,
    PaymentBasis,
    Service,
    ServiceLevel,
    TimetableSlot,
    VisitType,
)


class Candidate(NamedTuple):
    """A package that a visit may belong to (rule 5.8): authorised, and not under a contract paid by invoice."""

    start: dt.date
    cpli: int
    end: dt.date
    service: int
    contract_type: str
    slots: frozenset[tuple[int, int, int]]  # weekday, entry, exit


NOBODY: list[Candidate] = []


class Kind(NamedTuple):
    """A visit type, as rows are judged by it (rule 5.5)."""

    id: int
    code: str
    contract_types: str
    needs_delivered: bool
    needs_comment: bool
    is_retired: bool
    is_exceptional: bool
    is_ordinary: bool


class Known:
    """The lookups of one check."""

    def __init__(self, organisation: Organisation, reach: Reach | None = None):
        self.organisation = organisation
        self.reach = reach or Reach.of_organisation(organisation.id)
        self.settings = settings.read()
        self.today = weeks.today()
        types = list(VisitType.select().order_by(VisitType.id))
        self.types = {
            t.code.casefold(): Kind(
                t.id, t.code, t.contract_types.strip(), t.needs_delivered, t.needs_comment, t.is_retired, t.is_exceptional,
                t.is_ordinary,
            )
            for t in types
        }  # fmt: skip
        self.codes = [t.code for t in types if not t.is_retired]
        self._types = {t.id: t for t in types}
        self._levels()
        self._services()
        self._clients()
        self.candidates = _candidates(self.reach)
        self.carers = {ref for (ref,) in Carer.select(Carer.ref).where(Carer.organisation == organisation).tuples()}
        self.locks = {
            (service, day(week).isoformat())
            for service, week in LockedWeek.select(LockedWeek.service, LockedWeek.week)
            .join(Service)
            .where(Service.organisation == organisation)
            .tuples()
        }
        self.near_type = Names(self.codes)

    def _levels(self) -> None:
        rows = list(
            ServiceLevel.select(ServiceLevel.id, ServiceLevel.ref, ServiceLevel.name, ServiceLevel.visits_wanted)
            .order_by(ServiceLevel.visits_wanted, ServiceLevel.id.desc())
            .tuples()
        )  # of two with one name the wanted, older one wins
        self.levels_by_ref = {ref: ident for ident, ref, _, _ in rows}
        self.levels_by_name = {name.strip().casefold(): ident for ident, _, name, _ in rows}
        self.wanted_levels = {ident for ident, _, _, wanted in rows if wanted}
        self.near_level = Names(name for _, _, name, wanted in rows if wanted)

    def _services(self) -> None:
        rows = list(
            Service.select(Service.id, Service.ref, Service.name)
            .where(self.reach.services(Service.id, Service.organisation))
            .order_by(Service.id.desc())
            .tuples()
        )
        self.services_by_ref = {ref: ident for ident, ref, _ in rows}
        self.services_by_name = {name.strip().casefold(): ident for ident, _, name in rows}
        self.service_names = {ident: name for ident, _, name in rows}
        self.near_service = Names(name for _, _, name in rows)

    def _clients(self) -> None:
        """The clients within reach: of whom the organisation has or had a package (rule 5.3)."""
        own = Package.select(Package.client).where(self.reach.services(Package.service, Package.organisation))
        self.by_client_ref: dict[str, int] = {}
        self.by_ssref: dict[str, int] = {}
        self.by_nhs_number: dict[str, int] = {}
        self.ssref_of: dict[int, str] = {}
        for ident, client_ref, ssref, nhs in (
            Client.select(Client.id, Client.client_ref, Client.ssref, Client.nhs_number)
            .where(Client.id.in_(own))
            .order_by(Client.id.desc())
            .tuples()
        ):
            self.by_client_ref[client_ref] = self.by_ssref[ssref] = ident
            self.ssref_of[ident] = ssref
            if nhs:
                self.by_nhs_number[nhs] = ident

    def is_hidden(self, service: int | None) -> bool:
        """A stored visit of this service is out of the reach of who sends the file (rule 11.1)."""
        return self.reach.limited and service not in self.service_names

    def suits(self, type_id: int, contract_type: str) -> bool:
        """The type may be used under a contract of this type (rule 5.5)."""
        return self._types[type_id].suits(contract_type)

    def active(self, client: int | None, level: int, service: int | None, date: dt.date) -> list[Candidate]:
        """The candidates of a visit, in order of start date then CPLI id (rule 5.8)."""
        listed = self.candidates.get((client, level), NOBODY)
        for one in listed:  # nearly always all of them, so that nothing is made anew
            if not (one.start <= date <= one.end and service in (None, one.service)):
                return [c for c in listed if c.start <= date <= c.end and service in (None, c.service)]
        return listed


def _candidates(reach: Reach) -> dict[tuple[int, int], list[Candidate]]:
    slots: dict[int, set[tuple[int, int, int]]] = defaultdict(set)
    for package, *slot in (
        TimetableSlot.select(TimetableSlot.package, TimetableSlot.weekday, TimetableSlot.entry, TimetableSlot.exit)
        .join(Package)
        .where(reach.services(Package.service, Package.organisation) & Package.authorised)
        .tuples()
    ):
        slots[package].add(tuple(slot))
    found: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
    for ident, client, level, start, cpli, end, service, contract_type in (
        Package.select(
            Package.id, Package.client, Package.level, Package.start_date, Package.cpli_id, Package.end_date,
            Package.service, Contract.contract_type,
        )
        .join(Contract)
        .where(
            reach.services(Package.service, Package.organisation)
            & Package.authorised
            & (Contract.payment_basis != PaymentBasis.INVOICE)
        )
        .tuples()
    ):  # fmt: skip
        found[client, level].append(
            Candidate(
                day(start), cpli, day(end) or dt.date.max, service, contract_type, frozenset(slots.get(ident, ()))
            )
        )
    for listed in found.values():
        listed.sort(key=lambda c: (c.start, c.cpli))
    return found
