"""One small file a mistake: what must be said of it (tests/files/bad), and what the tests make themselves."""

from __future__ import annotations

import pytest

from blueprints.imports import rules as imports
from tests.visits import world
from tests.visits.world import FILES, counts, load

MANIFEST = world.manifest("bad")
CASES = MANIFEST["cases"]


def words_of(problem) -> str:
    return f"{problem.column} {problem.message} {problem.suggestion}".lower()


@pytest.mark.feature("O-02", "O-04", "O-05", "O-06", "O-07", "O-08", "O-09", "O-10", "O-11", "O-12", "O-13", "O-14")
@pytest.mark.feature("O-15", "O-16", "O-17", "O-18", "O-19", "O-20", "O-21", "O-22", "O-23", "O-26", "O-27", "O-45")
@pytest.mark.parametrize("case", CASES, ids=[case["file"].removeprefix("bad/") for case in CASES])
def test_a_bad_file(app, case):
    world.set_today(MANIFEST["today"])
    world.county()
    pearl = world.organisation("2C629CC1-0615-5408-BEE1-9064BF40F3B4")
    for earlier in case.get("after", ()):
        kind = "carers" if "carers-" in earlier else "visits"
        assert load(kind, FILES / earlier, pearl).state == "Done"
    owner = world.organisation(case["organisation"])
    batch = load(case.get("kind", "visits"), FILES / case["file"], owner, check_only=True)
    if case["refused"]:
        assert batch.state == "Refused", batch.state
        for problem in case["problems"]:
            check_words(batch.refusal.lower(), problem["words"], case)
        assert imports.problems(batch).count() == 0
        return
    assert batch.state == "Cancelled", (batch.state, batch.refusal)  # checked only
    found = list(imports.problems(batch))
    described = [(p.severity, p.line, p.column, p.message, p.suggestion) for p in found]
    assert counts(batch) == case["counts"], described
    for wanted in case["problems"]:
        fitting = [p for p in found if fits(p, wanted)]
        assert fitting, (wanted, described)
        check_words(" ".join(map(words_of, fitting)), wanted["words"], case)
        if "suggestion" in wanted:
            assert fitting[0].suggestion == wanted["suggestion"]
    assert {(p.severity, p.line) for p in found} == {(w["severity"], w["line"]) for w in case["problems"]}, described
    for never in case.get("never", ()):
        assert not any(never in f"{p.message}{p.expected}{p.suggestion}" for p in found)
    assert all(p.kind and p.message.endswith(".") for p in found)


def check_words(text: str, words: list[str], case: dict) -> None:
    """All words stand in the text; "twice" stands for any word that says so."""
    for word in words:
        said = [word.lower()] if word != "twice" else ["twice", "more than once", "doubled", "repeated"]
        assert any(each in text for each in said), (word, text)


def fits(problem, wanted: dict) -> bool:
    """The problem is the one that the manifest wants: severity, line and, where given, column."""
    columns = wanted["column"] if isinstance(wanted["column"], list) else [wanted["column"]]
    right_column = wanted["column"] is None or problem.column in columns
    return problem.severity == wanted["severity"] and wanted["line"] in (None, problem.line) and right_column
