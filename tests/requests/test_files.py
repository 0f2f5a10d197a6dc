"""A file loaded later than an approved change (rule 9.2)."""

from __future__ import annotations

import io

import pytest

from blueprints.history import Actor
from blueprints.imports import rules as imports
from blueprints.requests import kinds, rules
from models import ImportProblem, ImportState, Organisation


@pytest.fixture
def load(app):
    """Load a file of organisations."""

    def load(text: str, **options):
        batch = imports.load(imports.KINDS["organisations"], None, "o.csv", io.BytesIO(text.encode()), **options)
        assert batch.state == ImportState.DONE, batch.refusal
        return batch, [
            (p.severity, p.column, p.message) for p in ImportProblem.select().where(ImportProblem.batch == batch)
        ]

    return load


@pytest.fixture
def approved(cast):
    """Oakfield's telephone, changed by an approved request."""
    row = Organisation.get_by_id(cast.oakfield.id)
    Organisation.update(telephone="01632 960 201").execute()
    sent = rules.send(
        kinds.every()["organisation"], Organisation.get_by_id(row.id), {"telephone": "01632 960 999"},
        Actor(cast.finance.id, "Greta Finch"), row.id,
    )  # fmt: skip
    rules.accept(sent.id, Actor(cast.officer.id, "Amir Khan"))
    return sent


FILE = "OrganisationRef,OrganisationName,Telephone,Town\nOAK,Oakfield Home Care,{},Northmere\n"


def telephone() -> str:
    """Oakfield's, as stored."""
    return Organisation.get(Organisation.ref == "OAK").telephone


def test_a_file_that_would_undo_it_warns_and_keeps_it(cast, approved, load):
    batch, problems = load(FILE.format("01632 960 201"))
    assert telephone() == "01632 960 999"
    assert Organisation.get(Organisation.ref == "OAK").town == "Northmere", "the rest of the row is taken"
    assert (batch.updated, batch.rejected, batch.issues) == (1, 0, 1)
    [(severity, column, message)] = problems
    assert (severity, column) == ("warning", "Telephone")
    assert "Greta Finch asked for and Amir Khan approved" in message and "is kept: “01632 960 999”" in message


def test_another_value_is_no_better(cast, approved, load):
    load(FILE.format("01632 960 777"))
    assert telephone() == "01632 960 999"


def test_told_to_overwrite_it_does_and_says_so(cast, approved, load):
    _, [(severity, _, message)] = load(FILE.format("01632 960 201"), overwrite=True)
    assert telephone() == "01632 960 201" and severity == "warning" and "is overwritten" in message
    load(FILE.format("01632 960 333"))
    assert telephone() == "01632 960 333", "an overwritten change protects nothing more"


def test_a_file_that_has_caught_up_may_change_it_later(cast, approved, load):
    _, problems = load(FILE.format("01632 960 999"))
    assert problems == []
    load(FILE.format("01632 960 555"))
    assert telephone() == "01632 960 555"


def test_catching_up_counts_when_nothing_else_changed(cast, approved, load):
    load(FILE.format("01632 960 999"))
    batch, _ = load(FILE.format("01632 960 999"))
    assert batch.unchanged == 1
    load(FILE.format("01632 960 555"))
    assert telephone() == "01632 960 555"


def test_a_check_alone_does_not_count_as_caught_up(cast, approved, load):
    imports.load(
        imports.KINDS["organisations"],
        None,
        "o.csv",
        io.BytesIO(FILE.format("01632 960 999").encode()),
        check_only=True,
    )
    load(FILE.format("01632 960 555"))
    assert telephone() == "01632 960 999"


def test_what_an_officer_changed_since_is_not_protected(cast, approved, load):
    Organisation.update(telephone="01632 960 111").execute()
    load(FILE.format("01632 960 201"))
    assert telephone() == "01632 960 201"


def test_an_absent_column_warns_of_nothing(cast, approved, load):
    _, problems = load("OrganisationRef,OrganisationName\nOAK,Oakfield Home Care\n")
    assert problems == [] and telephone() == "01632 960 999"


def test_a_chain_of_changes_is_protected_by_its_last(cast, approved, load):
    row = Organisation.get(Organisation.ref == "OAK")
    sent = rules.send(
        kinds.every()["organisation"],
        row,
        {"telephone": "01632 960 888"},
        Actor(cast.finance.id, "Greta Finch"),
        row.id,
    )
    rules.accept(sent.id, Actor(cast.officer.id, "Amir Khan"))
    for old in ("01632 960 201", "01632 960 999"):
        load(FILE.format(old))
        assert telephone() == "01632 960 888"
