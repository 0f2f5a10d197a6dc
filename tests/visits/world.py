"""The county of guide 004 for tests of visits files, and what a step of a run is compared with."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

from peewee import JOIN

from blueprints import weeks
from blueprints.imports import rules as imports
from models import Actual, Import, Organisation, Package, Visit, VisitType

FILES = Path(__file__).parent.parent / "files"
FIGURES = {
    "records": "read",
    **{name: name for name in ("new", "updated", "unchanged", "deleted", "rejected", "issues")},
}


def manifest(folder: str) -> dict:
    """What a folder of files is expected to give."""
    return json.loads((FILES / folder / "expected.json").read_text(encoding="utf-8"))


def load(kind: str, content: Path | bytes, organisation=None, **options) -> Import:
    """A file loaded as the `load` command does it."""
    data = content.read_bytes() if isinstance(content, Path) else content
    name = content.name if isinstance(content, Path) else f"{kind}.csv"
    return imports.load(imports.KINDS[kind], organisation, name, io.BytesIO(data), **options)


def county() -> None:
    """Load the authority's files of guide 004."""
    for kind in manifest("guide004")["authority"]:
        batch = load(kind, FILES / "guide004/authority" / f"{kind}.csv")
        assert (batch.state, batch.rejected) == ("Done", 0), (kind, batch.refusal)


def organisation(ref: str) -> Organisation:
    """The organisation of a reference."""
    return Organisation.get(Organisation.ref == ref)


def set_today(text: str) -> None:
    """Make an ISO date today."""
    weeks.set_today(dt.date.fromisoformat(text))


def counts(batch: Import) -> dict[str, int]:
    """The figures of an import under the manifest's names."""
    return {FIGURES[name]: figure for name, figure in imports.figures(batch).items()}


def said(batch: Import) -> list[tuple]:
    """The problems of an import: severity, line, column, message, suggestion."""
    return [(p.severity, p.line, p.column, p.message, p.suggestion) for p in imports.problems(batch)]


def visits_of(owner: Organisation) -> dict[str, dict]:
    """Every live visit of an organisation as the manifest has it."""
    rows = (
        Visit.select(Visit, Package, VisitType)
        .join(Package, JOIN.LEFT_OUTER)
        .switch(Visit)
        .join(VisitType)
        .where((Visit.organisation == owner) & ~Visit.is_deleted)
    )
    return {
        v.ref: {
            "status": v.status,
            "reason": v.reason,
            "cpli": v.package.cpli_id if v.package_id else None,
            "planned_minutes": v.planned_minutes,
            "delivered_minutes": v.delivered_minutes,
            "paid_minutes": v.paid_minutes,
            "charged_minutes": v.charged_minutes,
        }
        for v in rows
    }


def weeks_of(owner: Organisation) -> dict[tuple[int, str], Actual]:
    """The organisation's actuals by CPLI id and week."""
    rows = Actual.select(Actual, Package).join(Package).where(Actual.organisation == owner)
    return {(a.package.cpli_id, a.week.isoformat()): a for a in rows}
