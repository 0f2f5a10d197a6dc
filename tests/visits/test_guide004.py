"""The runs of guide 004: every step's counts, problems, visits and actuals, as the manifest has them."""

from __future__ import annotations

import pytest

from blueprints.values import file_money, file_quantity
from tests.visits import world
from tests.visits.world import FILES, counts, load, said, visits_of, weeks_of

RUNS = world.manifest("guide004")["runs"]


def check_problems(step: dict, found: list[tuple]) -> None:
    """Severity and line as expected; the column where the rules name it."""
    expected = step["problems"]
    assert [(s, line) for s, line, *_ in found] == [(s, line) for s, line, _ in expected], found
    wanted = sorted((line, column) for _, line, column in expected if column)
    columns = [(line, column) for _, line, column, *_ in found]
    for pair in wanted:
        assert pair in columns, found


def check_weeks(step: dict, owner) -> None:
    """Every package and week with a matched visit has its actual, and no other exists."""
    found = weeks_of(owner)
    assert set(found) == {(w["cpli"], w["week"]) for w in step["weeks"]}
    for week in step["weeks"]:
        row = found[week["cpli"], week["week"]]
        for name in ("actual", "frustrated", "missed", "extra"):
            assert file_quantity(getattr(row, name)) == week[name], (week, name)
        assert row.visits == week["visits"]


@pytest.mark.feature("O-02", "O-10", "O-28", "O-29", "O-30", "O-37", "O-38", "O-40")
@pytest.mark.parametrize("run", RUNS, ids=[run["run"] for run in RUNS])
def test_a_run(app, run):
    world.set_today(run["today"])
    world.county()
    owner = world.organisation(run["organisation"])
    for step in run["steps"]:
        side = None if step["load"] == "packages" else owner
        batch = load(step["load"], FILES / step["file"], side, without_rejected=step.get("without_rejected", False))
        assert batch.state == "Done", (step["file"], batch.state, batch.refusal, said(batch))
        if "counts" in step:
            assert counts(batch) == step["counts"], (step["file"], said(batch))
        if "problems" in step:
            check_problems(step, said(batch))
        if "visits" in step:
            found = visits_of(owner)
            assert found == step["visits"], step["file"]
        if "weeks" in step:
            check_weeks(step, owner)
    assert file_money(0) == "0.00"
