"""The authority's files of the two guides, loaded as the `load` command does it, against their expected figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blueprints import values
from blueprints.imports import rules as imports
from blueprints.packages import plan as plans
from blueprints.packages import rules as packages
from models import (
    Client,
    Contract,
    Due,
    ImportState,
    Organisation,
    Package,
    PackageRate,
    PaymentCycle,
    PaymentPeriod,
    Service,
    ServiceLevel,
    StaleGroup,
    StalePackage,
    TimetableSlot,
)

FILES = Path(__file__).parent.parent / "files"
COUNTS = {
    "organisations": Organisation,
    "service-levels": ServiceLevel,
    "services": Service,
    "payment-periods": PaymentPeriod,
    "contracts": Contract,
    "clients": Client,
    "packages": Package,
    "rates": PackageRate,
    "timetables": TimetableSlot,
}


def load(kind: str, path: Path):
    with path.open("rb") as stream:
        return imports.load(imports.KINDS[kind], None, path.name, stream)


def said(batch) -> list[tuple]:
    return [(p.severity, p.line, p.column, p.message) for p in imports.problems(batch)]


@pytest.mark.feature("Z-11")
@pytest.mark.parametrize("guide", ["guide001", "guide004"])
def test_a_guide_loads_and_loads_again_unchanged(app, guide):
    """Every file adds all its rows the first time and changes nothing the second time."""
    expected = json.loads((FILES / guide / "expected.json").read_text())
    for kind in expected["authority"]:
        path = FILES / guide / "authority" / f"{kind}.csv"
        rows = len(path.read_text(encoding="utf-8-sig").splitlines()) - 1
        batch = load(kind, path)
        assert said(batch) == []
        assert (batch.state, batch.records, batch.new) == (ImportState.DONE, rows, rows)
        assert COUNTS[kind].select().count() == rows
    for kind in expected["authority"]:
        batch = load(kind, FILES / guide / "authority" / f"{kind}.csv")
        assert (batch.records, batch.new, batch.updated, batch.rejected) == (batch.unchanged, 0, 0, 0)
        assert said(batch) == []
    assert StalePackage.select().count() == StaleGroup.select().count() == 0
    for wanted in expected["packages"]:
        package = Package.get(Package.cpli_id == wanted["cpli"])
        plan = packages.plan_of(package)
        day = plans.shown_day(plan, plan.start)
        if "weekly_cost" in wanted:
            assert values.file_money(plans.weekly_cost(plan, day)) == wanted["weekly_cost"]
        assert plans.cost_text(plan, day) == wanted["cost"]
        assert plans.pricing_text(plan, day, package.level.unit, package.pricing_basis) == wanted["pricing"]
        assert package.authorised == wanted.get("authorised", True)
        assert package.organisation == package.service.organisation == package.contract.organisation


def test_guide_001_is_worked_out_when_load_returns(app):
    """Residential packages are paid on plan, so their weeks are due as soon as the packages are in."""
    for kind in json.loads((FILES / "guide001/expected.json").read_text())["authority"]:
        load(kind, FILES / "guide001/authority" / f"{kind}.csv")
    assert PaymentCycle.select().count() == 2
    dues = Due.select().join(Package).where(Package.cpli_id == 735810)
    assert {due.cost for due in dues} == {64606}
    assert dues.count() == 44  # eleven periods of four weeks
    assert Due.select().join(Package).where(Package.cpli_id == 735811).count() == 0  # not authorised
    late = load("timetables", FILES / "guide001/timetabled/timetables.csv")
    assert (late.records, late.new, late.issues) == (20, 20, 0)
