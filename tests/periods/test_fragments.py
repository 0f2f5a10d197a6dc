"""Each region that htmx swaps is answered alone, with what it needs."""

from __future__ import annotations

import pytest

from blueprints import consequences
from tests.cast import MONDAY
from tests.test_engine import send


@pytest.mark.parametrize(
    "address, region, words",
    [
        ("/authority/visits", "visits-table", "V1"),
        ("/authority/visits/unmatched", "unmatched-table", "LEVEL"),
        ("/authority/periods", "periods-table", "Total Payable"),
        ("/authority/periods/{0.periods[1].id}", "contracts-table", "Oakfield DAPL"),
        ("/authority/periods/{0.periods[1].id}/contracts/{0.dapl.id}", "lines-table", "£23.23"),
        ("/authority/audit", "audit-table", "No changes match"),
        ("/authority/jobs", "jobs-table", "No jobs"),
    ],
)
def test_regions(client, cast, address, region, words):
    send(cast, "V1", MONDAY)
    send(cast, "LEVEL", MONDAY, level=cast.placement)
    consequences.follow(consequences.Change(packages=[cast.placed.id]), now=True)
    cast.sign_in(client, cast.officer)
    answer = client.get(address.format(cast), headers={"HX-Request": "true", "HX-Target": region})
    assert answer.status_code == 200
    text = answer.text.lstrip()
    assert text.startswith(f'<div id="{region}"') and words in text and "<h1" not in text


def test_the_providers_payable_and_non_payable_tabs(client, cast):
    send(cast, "V1", MONDAY)
    cast.sign_in(client, cast.finance)
    address = f"/provider/payments/contracts/{cast.dapl.id}/periods/{cast.periods[1].id}"
    answer = client.get(address, headers={"HX-Request": "true", "HX-Target": "period"})
    assert answer.status_code == 200 and "£23.23" in answer.text
