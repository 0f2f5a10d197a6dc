"""The carers file: added and updated, each organisation its own (O-45)."""

from __future__ import annotations

import datetime as dt

import pytest

from models import Carer
from tests.visits.world import counts, load


@pytest.mark.feature("O-45")
def test_carers_are_added_and_updated(cast):
    one = b"CarerRef,Forename,Surname,StartDate,EndDate\nK1,Ann,Fox,2026-01-05,\nK2,Bo,Elk,,\n"
    assert counts(load("carers", one, cast.oakfield))["new"] == 2
    two = b"CarerRef,Forename,Surname\nK1,Ann,Fox\nK2,Bo,Moose\n"  # the dates are absent and stay
    assert counts(load("carers", two, cast.oakfield)) == dict(
        read=2, new=0, updated=1, unchanged=1, deleted=0, rejected=0, issues=0
    )
    assert Carer.get(Carer.ref == "K1").start_date == dt.date(2026, 1, 5)
    assert Carer.get(Carer.ref == "K2").surname == "Moose"
    assert counts(load("carers", one, cast.brookhouse))["new"] == 2, "another organisation's carers are its own"
