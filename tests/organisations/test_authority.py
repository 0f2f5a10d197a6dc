"""Organisations as officers see and keep them."""

import pytest

from models import Change, Import, Organisation
from tests.pages import press, queries

NEW = {"ref": "HAR", "name": "Harbour Support", "town": "Northport"}


def test_found_by_name_or_reference(client, cast):
    cast.sign_in(client, cast.reader)
    text = client.get("/authority/organisations?q=oakf").text
    assert "Oakfield Home Care" in text and "Brookhouse" not in text
    assert "1 organisation" in text
    assert "Brookhouse Residential" in client.get("/authority/organisations?q=bro").text
    assert "No organisations match" in client.get("/authority/organisations?q=zzz").text


def test_the_file_holds_the_filtered_rows(client, cast):
    cast.sign_in(client, cast.reader)
    rows = client.get("/authority/organisations?q=oakf&format=csv").text.splitlines()
    assert rows[1].startswith("OAK,Oakfield Home Care") and len(rows) == 2


@pytest.mark.feature("C-15")
def test_pages_and_sorting(client, cast):
    cast.sign_in(client, cast.officer)
    for n in range(230):
        Organisation.create(ref=f"X{n:03}", name=f"Extra {n:03}")
    first = client.get("/authority/organisations?q=extra&sort=-name").text
    assert "230 organisations" in first and first.index("Extra 229") < first.index("Extra 228")
    last = client.get("/authority/organisations?q=extra&sort=-name&page=99")
    assert "Extra 000" in last.text and 'aria-label="Page 3 of 3" aria-current="page"' in last.text
    assert "q=extra" in last.text and "Reset" in last.text
    region = client.get(
        "/authority/organisations?q=extra", headers={"HX-Request": "true", "HX-Target": "organisations-table"}
    )
    assert region.text.lstrip().startswith('<div id="organisations-table"')


def test_a_list_takes_the_same_queries_at_ten_rows(client, cast):
    cast.sign_in(client, cast.officer)
    client.get("/authority/organisations")
    few = queries(client, "/authority/organisations")
    for n in range(10):
        Organisation.create(ref=f"X{n}", name=f"Extra {n}")
    assert queries(client, "/authority/organisations") == few


@pytest.mark.feature("C-14")
def test_a_form_with_gaps_asks_for_them_and_keeps_the_rest(client, cast):
    cast.sign_in(client, cast.officer)
    answer = client.post("/authority/organisations/new", data={"town": "Northport"})
    assert answer.status_code == 422
    assert "Please complete the following fields:" in answer.text
    assert "Enter the organisation reference" in answer.text and "Enter the name" in answer.text
    assert 'value="Northport"' in answer.text and "govuk-label--s" in answer.text
    assert "<title>Error:" in answer.text


def test_adding_and_changing_leaves_history(client, cast):
    cast.sign_in(client, cast.officer)
    answer = press(client, "/authority/organisations/new", **NEW)
    row = Organisation.get(Organisation.ref == "HAR")
    assert answer.location == f"/authority/organisations/{row.id}"
    press(client, f"/authority/organisations/{row.id}/edit", telephone="01865 222222")
    assert Organisation.get_by_id(row.id).telephone == "01865 222222"
    text = client.get(f"/authority/organisations/{row.id}/history").text
    assert "Telephone" in text and "01865 222222" in text and "Amir Khan" in text


def test_a_reference_in_use_is_refused(client, cast):
    cast.sign_in(client, cast.officer)
    answer = press(client, "/authority/organisations/new", **{**NEW, "ref": "oak"})
    assert answer.status_code == 422 and "in use already" in answer.text and "Oakfield Home Care" in answer.text


def test_too_long_a_name_is_refused(client, cast):
    cast.sign_in(client, cast.officer)
    answer = press(client, "/authority/organisations/new", **{**NEW, "name": "x" * 113})
    assert "Name must be 112 characters or fewer" in answer.text


def test_the_second_of_two_savers_sees_both_values(client, cast):
    cast.sign_in(client, cast.officer)
    address = f"/authority/organisations/{cast.oakfield.id}/edit"
    from tests.pages import changed, fields

    mine = fields(client.get(address).text)
    press(client, address, telephone="01865 111111")
    answer = client.post(address, data=changed(mine, {"telephone": "01865 999999"}))
    assert answer.status_code == 422
    assert "01865 111111" in answer.text and "01865 999999" in answer.text
    assert Organisation.get_by_id(cast.oakfield.id).telephone == "01865 111111"
    again = client.post(address, data=changed(fields(answer.text), {}))
    assert again.status_code == 303
    assert Organisation.get_by_id(cast.oakfield.id).telephone == "01865 999999"


def test_two_people_who_change_different_fields_do_not_meet(client, cast):
    cast.sign_in(client, cast.officer)
    address = f"/authority/organisations/{cast.oakfield.id}/edit"
    from tests.pages import changed, fields

    mine = fields(client.get(address).text)
    press(client, address, telephone="01865 111111")
    answer = client.post(address, data=changed(mine, {"town": "Northport"}))
    assert answer.status_code == 422  # the form would have put the old telephone back
    assert "01865 111111" in answer.text


def test_a_reader_sees_no_buttons(client, cast):
    cast.sign_in(client, cast.reader)
    for address in ("/authority/organisations", f"/authority/organisations/{cast.oakfield.id}"):
        text = client.get(address).text
        assert "Add a" not in text and "Add an" not in text and "Change details" not in text
    assert client.post("/authority/organisations/new", data=NEW).status_code == 403
    assert not Change.select().exists()


@pytest.mark.parametrize(
    "tab", ["", "/services", "/contracts", "/packages", "/clients", "/people", "/imports", "/history"]
)
def test_tabs(client, cast, tab):
    cast.sign_in(client, cast.reader)
    assert client.get(f"/authority/organisations/{cast.oakfield.id}{tab}").status_code == 200
    assert client.get(f"/authority/organisations/999999{tab}").status_code == 404


def test_people_are_the_logins(client, cast):
    cast.sign_in(client, cast.reader)
    text = client.get(f"/authority/organisations/{cast.oakfield.id}/people").text
    assert "finance@oakfield.example" in text and "brookhouse.example" not in text


@pytest.mark.feature("C-12")
def test_a_long_name_in_the_trail_is_shortened_and_escaped(client, cast):
    cast.sign_in(client, cast.officer)
    row = Organisation.create(ref="L", name="<b>Long</b> & " + "name " * 19)
    text = client.get(f"/authority/organisations/{row.id}/services").text
    trail = text.split('aria-label="Breadcrumb"')[1].split("</nav>")[0]
    assert "…" in trail and "&lt;b&gt;Long&lt;/b&gt; &amp; name" in trail and "<b>" not in trail
    assert f'href="/authority/organisations/{row.id}"' in trail


def test_the_files_of_an_organisation_lead_to_their_imports(client, cast):
    cast.sign_in(client, cast.reader)
    made = Import.create(
        kind="visits", organisation=cast.oakfield, user=cast.finance, file_name="week.csv", state="Done"
    )
    text = client.get(f"/authority/organisations/{cast.oakfield.id}/imports").text
    assert f'href="/authority/imports/{made.id}"' in text and "Greta Finch" in text
