"""One file as different programs save it: every notation holds the same values (rules 5.2, 5.7)."""

from __future__ import annotations

import pytest

from models import Visit
from tests.visits import world
from tests.visits.test_guide004 import check_weeks
from tests.visits.world import FILES, counts, load, said, visits_of


@pytest.mark.feature("O-02", "O-06", "O-07", "O-38")
def test_every_notation_is_the_same_file(app):
    manifest = world.manifest("spreadsheets")
    world.set_today(manifest["today"])
    world.county()
    owner = world.organisation(manifest["organisation"])
    for step in manifest["steps"]:
        batch = load("visits", FILES / step["file"], owner)
        assert (batch.state, counts(batch)) == ("Done", step["counts"]), (step["file"], batch.refusal, said(batch))
        comments = manifest["comments"] | step.get("comments", {})
        stored = {v.ref: v for v in Visit.select().where(Visit.organisation == owner)}
        for ref, text in comments.items():
            assert stored[ref].comments == text, (step["file"], ref)
        for ref, text in manifest["variance_reason"].items():
            assert stored[ref].variance_reason == text
        assert visits_of(owner) == manifest["visits"], step["file"]
        check_weeks(manifest, owner)
