"""One row of a visits file: its values, or everything that is wrong with it (rules 1.3, 5.2 to 5.5, 5.11).

Parts that repeat from row to row (client, level, service, planned slot) are worked out once and remembered.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import NamedTuple

from blueprints import weeks
from blueprints.values import Expected, boolean, near, time_of_day, visit_date
from blueprints.visits import digest
from blueprints.visits.columns import FREE_TEXT, HEADINGS, LENGTHS
from blueprints.visits.known import Kind, Known
from blueprints.visits.problems import Problem, blank, error, too_long
from blueprints.visits.quality import warn, warn_overridden
from blueprints.visits.span import DAY, DELIVERED, NO_SPAN, PLANNED, Span

VALUES = [
    "type", "planned_date", "planned_entry", "planned_exit", "delivered_date", "delivered_entry", "delivered_exit",
    "entry_overridden", "entry_override_reason", "exit_overridden", "exit_override_reason", "variance_reason",
    "comments", "client_ref", "ssref", "nhs_number", "level_ref", "level_name", "carer_ref", "service_ref",
    "service_name", "organisation_ref", "organisation_name", "client", "level", "service", "week", "planned_minutes",
    "delivered_minutes", "digest",
]  # fmt: skip
WIDTH = len(HEADINGS)
UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


class Row(NamedTuple):
    """A row as read. `values` is None where it is rejected or deletes; `person` stands for the client, known or not."""

    line: int
    ref: str
    is_deleted: bool
    ssref: str
    values: tuple | None
    problems: list[Problem]
    type: Kind | None = None
    person: object = None
    planned: Span = NO_SPAN
    delivered: Span = NO_SPAN
    cells: list[str] = []  # of a row with problems
    locked_services: tuple[int, ...] = ()


class RowReader:
    """Reads the rows of one file."""

    def __init__(self, known: Known):
        self.known = known
        self.person = lru_cache(20_000)(self._person)
        self.level = lru_cache(5_000)(self._level)
        self.service = lru_cache(5_000)(self._service)
        self.organisation = lru_cache(1_000)(self._organisation)
        self.type = lru_cache(1_000)(self._type)
        self.planned = lru_cache(10_000)(self._planned)
        self.date = lru_cache(10_000)(_date)
        self.active = known.active
        self.suits = lru_cache(1_000)(known.suits)
        self.needs_both = known.settings.visits_need_ssref_and_service
        self.over = known.settings.over_time_minutes

    def read(self, line: int, cells: list[str]) -> Row:
        """The row at this line of the file. One piece, because it runs 600,000 times; its parts are below."""
        problems: list[Problem] = []
        if len(cells) > WIDTH:
            surplus = ", ".join(cells[WIDTH:])
            problems.append(
                error(
                    "",
                    surplus,
                    "The row has more cells than the heading row.",
                    "text with a comma in quotation marks",
                    kind="surplus",
                )
            )
            cells = cells[:WIDTH]
        if not "".join(cells).isprintable():
            cells = _plain(cells, problems)
        (ref, deleted, planned_date, planned_entry, planned_exit, code, delivered_date, delivered_entry,
         entry_overridden, entry_reason, delivered_exit, exit_overridden, exit_reason, variance, comments, client_ref,
         ssref, nhs, level_ref, level_name, carer, service_ref, service_name, organisation_ref,
         organisation_name) = cells  # fmt: skip
        if not ref:
            problems.append(blank("VisitRef", "your reference of the visit"))
        elif len(ref) > 50:
            problems.append(too_long("VisitRef", ref))
        if deleted not in ("", "0") and _yes("Deleted", deleted, problems):
            problems = [p for p in problems if p.column in ("VisitRef", "SSRef", "")]
            return Row(line, ref, True, ssref, None, problems, cells=cells)

        kind, found = self.type(code)
        problems += found
        planned = self.planned(planned_date, planned_entry, planned_exit)
        problems += planned.problems
        delivered = self._delivered(delivered_date, delivered_entry, delivered_exit, kind)
        problems += delivered.problems
        entry_over = entry_overridden not in ("", "0") and _yes(
            "DeliveredEntryTimeIsOverridden", entry_overridden, problems
        )
        exit_over = exit_overridden not in ("", "0") and _yes(
            "DeliveredExitTimeIsOverridden", exit_overridden, problems
        )
        if len(comments) + len(variance) + len(entry_reason) + len(exit_reason) > FREE_TEXT:
            for column, text in (
                ("DeliveredEntryTimeOverrideReason", entry_reason), ("DeliveredExitTimeOverrideReason", exit_reason),
                ("VarianceReason", variance), ("Comments", comments),
            ):  # fmt: skip
                if len(text) > FREE_TEXT:
                    problems.append(too_long(column, text))
        client, person, who, found = self.person(client_ref, ssref, nhs)
        problems += found
        level, what, found = self.level(level_ref, level_name)
        problems += found
        service, where, found = self.service(service_ref, service_name)
        problems += found
        problems += self.organisation(organisation_ref, organisation_name)
        if len(carer) > 100:
            problems.append(too_long("CarerRef", carer))
        if problems:  # until here errors only
            return Row(line, ref, False, ssref, None, problems, cells=cells)

        candidates = self.active(client, level, service, planned.date)
        if (
            kind.needs_comment or (carer and carer not in self.known.carers) or entry_over or exit_over or planned.date > self.known.today
            or delivered.minutes is None or delivered.minutes - planned.minutes >= self.over
            or planned.date != delivered.date or not planned.entry < delivered.exit or not delivered.entry < planned.exit
            or (kind.contract_types and candidates and not self.suits(kind.id, candidates[0].contract_type))
        ):  # fmt: skip
            warn(problems, self.known, kind, planned, delivered, candidates, comments, carer)
            warn_overridden(problems, entry_over, entry_reason, exit_over, exit_reason)
        overridden = digest.of_overridden(entry_over, entry_reason, exit_over, exit_reason)
        values = (
            kind.id, planned.iso, planned.entry, planned.exit, delivered.iso, delivered.entry, delivered.exit,
            entry_over, entry_reason, exit_over, exit_reason, variance, comments, client_ref, ssref, nhs, level_ref,
            level_name, carer, service_ref, service_name, organisation_ref, organisation_name, client, level, service,
            _week(planned.date), planned.minutes, delivered.minutes,
            digest.of_parts(
                kind.id, planned.key, delivered.key, overridden, variance, comments, who, what, carer, where,
                organisation_ref, organisation_name,
            ),
        )  # fmt: skip
        locked = ()
        if self.known.locks:
            locked = (service,) if service else tuple({c.service for c in candidates})
        return Row(line, ref, False, ssref, values, problems, kind, person, planned, delivered, cells, locked)

    # the parts

    def _type(self, code: str) -> tuple[Kind | None, tuple[Problem, ...]]:
        if not code:
            return None, (blank("VisitType", f"one of {', '.join(self.known.codes)}"),)
        found = self.known.types.get(code.casefold())
        if found:
            return found, ()
        expected = f"one of {', '.join(self.known.codes)}"
        return None, (
            error("VisitType", code, "The visit type is not known.", expected, self.near_type(code), "type not known"),
        )

    def near_type(self, code: str) -> str | None:
        """The code that was meant: the same letters in another order, else a near one; codes are short."""
        letters = sorted(code.casefold())
        turned = [known for known in self.known.codes if sorted(known.casefold()) == letters]
        return turned[0] if len(turned) == 1 else near(code, self.known.near_type)

    def _planned(self, date: str, entry: str, exit: str) -> Span:
        return self._span(date, entry, exit, PLANNED, required=True)

    def _delivered(self, date: str, entry: str, exit: str, kind: Kind | None) -> Span:
        """Delivered times; a type that does not need them must not have any (rule 5.4)."""
        if not (date or entry or exit):
            return NO_SPAN
        if kind is None or kind.needs_delivered:
            return self._span(date, entry, exit, DELIVERED, required=False)
        return Span(
            problems=tuple(
                error(
                    column, text, f"A visit of type {kind.code} was not delivered and has no delivered date or times.",
                    "an empty cell", kind=f"delivered on {kind.code}",
                )
                for column, text in zip(DELIVERED, (date, entry, exit), strict=True)
                if text
            )
        )  # fmt: skip

    def _span(self, date: str, entry: str, exit: str, columns: tuple[str, str, str], required: bool) -> Span:
        """A date and two times, all good; else what can be read of them, and what is wrong."""
        try:
            day, iso, first, _ = self.date(date)
            begun, ended = time_of_day(entry), time_of_day(exit)
            minutes = weeks.minutes_between(day, begun, ended)
        except (Expected, weeks.ClockError, AttributeError, TypeError):
            return self._faulty_span(date, entry, exit, columns, required)
        end = first + ended + (DAY if ended < begun else 0)
        return Span(day, iso, begun, ended, minutes, first + begun, end, digest.of_span(iso, begun, ended))

    def _faulty_span(self, date: str, entry: str, exit: str, columns: tuple[str, str, str], required: bool) -> Span:
        """Planned date and times must all be there; delivered ones may be missing (rule 5.4)."""
        problems = []
        day = iso = None
        if date:
            day, iso, _, expected = self.date(date)
            if expected:
                problems.append(error(columns[0], date, "The date cannot be read.", expected, kind="date"))
        elif required:
            problems.append(blank(columns[0], "a date such as 05/10/2026"))
        times: list[int | None] = []
        for column, text in ((columns[1], entry), (columns[2], exit)):
            try:
                times.append(time_of_day(text) if text else None)
            except Expected as expected:
                times.append(None)
                problems.append(error(column, text, "The time cannot be read.", str(expected), kind="time"))
            if required and not text:
                problems.append(blank(column, "a time such as 09:30"))
        if day and times[0] is not None and times[1] is not None:
            problems.append(_clock_problem(day, times[0], times[1], columns, (entry, exit)))
        return Span(day, iso, *times, key=digest.of_span(iso, times[0], times[1]), problems=tuple(problems))

    def _person(self, client_ref: str, ssref: str, nhs: str) -> tuple[int | None, object, str, tuple[Problem, ...]]:
        """The client, what stands for it, its part of the digest, problems (rule 5.3)."""
        problems = [
            too_long(column, text)
            for column, text in (("ClientRef", client_ref), ("SSRef", ssref), ("NHSNumber", nhs))
            if len(text) > LENGTHS[column]
        ]
        known = self.known
        given = [
            (column, text, found.get(text))
            for column, text, found in (
                ("ClientRef", client_ref, known.by_client_ref),
                ("SSRef", ssref, known.by_ssref),
                ("NHSNumber", nhs, known.by_nhs_number),
            )
            if text
        ]
        if self.needs_both and not ssref:
            problems.append(blank("SSRef", "the client's SSRef"))
        elif not given:
            problems.append(
                error("SSRef", "", "No client is named.", "ClientRef, SSRef or NHSNumber", kind="no client")
            )
        belonging = [(column, text, ident) for column, text, ident in given if ident is not None]
        for column, text, ident in belonging[1:]:
            if ident != belonging[0][2]:
                problems.append(
                    error(
                        column,
                        text,
                        f"{belonging[0][0]} and {column} belong to different clients.",
                        "identifiers of one client",
                        kind="clients",
                    )
                )
                break
        client = given[0][2] if given else None
        person = client if client is not None else given[0][:2] if given else None
        return client, person, digest.of_person(client_ref, ssref, nhs), tuple(problems)

    def _level(self, ref: str, name: str) -> tuple[int | None, str, tuple[Problem, ...]]:
        known = self.known
        by_ref, by_name = known.levels_by_ref.get(ref), known.levels_by_name.get(name.casefold())
        column, text = ("ServiceLevelRef", ref) if ref else ("ServiceLevel", name)
        problem = None
        level = by_ref if ref else by_name
        if not text:
            problem = error(
                "ServiceLevel", "", "No service level is named.", "ServiceLevelRef or ServiceLevel", kind="no level"
            )
        elif level is None:
            near_name = near(name, known.near_level) if name and not ref else None
            problem = error(
                column, text, "The service level is not known.", "a service level as in the commissioned care file",
                near_name, "level not known",
            )  # fmt: skip
        elif ref and name and by_name not in (None, by_ref):
            problem = error(
                "ServiceLevel", name, "ServiceLevelRef and ServiceLevel belong to different service levels.",
                "identifiers of one service level", kind="levels",
            )  # fmt: skip
        elif level not in known.wanted_levels:
            problem = error(
                column, text, "Visits are not wanted for this service level.", "a service level that is paid on visits",
                kind="level not wanted",
            )  # fmt: skip
        return level, digest.of_named(level, ref, name), (problem,) if problem else ()

    def _service(self, ref: str, name: str) -> tuple[int | None, str, tuple[Problem, ...]]:
        known = self.known
        by_ref, by_name = known.services_by_ref.get(ref), known.services_by_name.get(name.casefold())
        column, text = ("ServiceRef", ref) if ref else ("ServiceName", name)
        problem = None
        service = by_ref if ref else by_name
        if self.needs_both and not name:
            problem = blank("ServiceName", "the service's name")
        elif known.reach.limited and not text:
            problem = blank("ServiceName", "the name of the service, because you work for some services only")
        elif text and service is None:
            near_name = near(name, known.near_service) if name and not ref else None
            problem = error(
                column, text, "The service is not known.", f"a service of {known.organisation.name}", near_name,
                "service not known",
            )  # fmt: skip
        elif ref and name and by_name not in (None, by_ref):
            problem = error(
                "ServiceName", name, "ServiceRef and ServiceName belong to different services.",
                "identifiers of one service", kind="services",
            )  # fmt: skip
        return service, digest.of_named(service, ref, name), (problem,) if problem else ()

    def _organisation(self, ref: str, name: str) -> tuple[Problem, ...]:
        own = self.known.organisation
        problems = []
        if ref and ref != own.ref:
            problems.append(
                error(
                    "OrganisationRef",
                    ref,
                    "This is not the organisation that the file is loaded for.",
                    f"{own.ref} or nothing",
                    kind="organisation",
                )
            )
        if name and name.casefold() != own.name.strip().casefold():
            problems.append(
                error(
                    "OrganisationName", name, "This is not the organisation that the file is loaded for.",
                    f"{own.name} or nothing", near(name, [own.name]), "organisation",
                )
            )  # fmt: skip
        return tuple(problems)


def _date(text: str) -> tuple[dt.date | None, str | None, int, str]:
    """The date, its ISO text and first wall-clock second, or what was expected."""
    try:
        day = visit_date(text)
    except Expected as expected:
        return None, None, 0, str(expected)
    return day, day.isoformat(), day.toordinal() * DAY, ""


def _clock_problem(
    day: dt.date, entry: int, exit: int, columns: tuple[str, str, str], texts: tuple[str, str]
) -> Problem:
    """Why these two times make no visit (rule 1.3)."""
    try:
        weeks.minutes_between(day, entry, exit)
    except weeks.ClockError as wrong:
        at = 1 if wrong.which == "exit" else 0
        expected = "a time that occurs on that date" if entry != exit else "an exit after the entry, or on the next day"
        return error(columns[1 + at], texts[at], str(wrong), expected, kind="clock")
    raise AssertionError("these times make a visit")


@lru_cache(10_000)
def _week(day: dt.date) -> str:
    return weeks.monday(day).isoformat()


def _yes(column: str, text: str, problems: list[Problem]) -> bool:
    try:
        return boolean(text)
    except Expected as expected:
        problems.append(error(column, text, "This is neither yes nor no.", str(expected), kind="yes or no"))
        return False


def _plain(cells: list[str], problems: list[Problem]) -> list[str]:
    """Line ends as one line feed each; an error for characters that cannot be shown."""
    found = []
    for column, text in zip(HEADINGS, cells, strict=True):
        if UNSHOWABLE.search(text):
            text = UNSHOWABLE.sub("\ufffd", text)
            problems.append(
                error(
                    column,
                    text,
                    f"{column} has characters that cannot be shown.",
                    "letters, digits and signs",
                    kind="characters",
                )
            )
        found.append(text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text)
    return found
