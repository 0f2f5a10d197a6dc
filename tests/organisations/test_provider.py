"""A provider's own organisation (D-01, D-02)."""

from __future__ import annotations

import pytest

from models import ChangeRequest, Organisation
from tests.pages import press


@pytest.fixture
def owner(client, cast):
    """Greta of Oakfield, signed in."""
    return cast.sign_in(client, cast.finance)


@pytest.mark.feature("D-01")
def test_the_details_with_empty_fields(owner, cast):
    Organisation.update(telephone="01632 960 201", uprn="100012345").where(
        Organisation.id == cast.oakfield.id
    ).execute()
    text = owner.get("/provider/organisation").text
    assert "Oakfield Home Care - Organisation Details" in text and ">Edit</a>" in text
    for label in (
        "Name",
        "Address 1",
        "Address 2",
        "Address 3",
        "Town",
        "County",
        "Postcode",
        "Country",
        "UPRN",
        "USRN",
        "Mobile",
        "Telephone",
        "Fax",
        "Email",
    ):
        assert f'govuk-summary-list__key">{label}</dt>' in text
    assert "100012345" in text and "Not set" in text


@pytest.mark.feature("D-02")
def test_edit_sends_a_request_and_stores_nothing(owner, cast):
    form = f"/provider/requests/new/organisation/{cast.oakfield.id}"
    answer = press(owner, form, telephone="01632 960 999", postcode="ox99hn", comment="We have moved")
    assert answer.status_code == 303
    text = owner.get("/provider/organisation").text
    assert "1 change pending" in text and "01632 960 999" in text and "OX9 9HN" in text
    assert Organisation.get_by_id(cast.oakfield.id).telephone == ""
    row = ChangeRequest.get()
    assert (row.kind, row.comment) == ("organisation", "We have moved")
    assert "Update Organisation" in owner.get("/provider/requests").text


@pytest.mark.feature("D-02")
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("postcode", "12345", "Enter a full postcode"), ("email", "office", "Enter an e-mail address in the correct format"),
        ("uprn", "12a", "Enter the UPRN as at most 12 digits"), ("name", "", "Enter the name"),
        ("telephone", "call us", "Enter the telephone as a telephone number"),
    ],
)  # fmt: skip
def test_bad_values_are_refused_and_kept(owner, cast, field, value, said):
    answer = press(
        owner, f"/provider/requests/new/organisation/{cast.oakfield.id}", **{field: value, "mobile": "07700 900 100"}
    )
    assert answer.status_code == 422 and said in answer.text and "07700 900 100" in answer.text
    assert not ChangeRequest.select().exists()


@pytest.mark.feature("D-02")
def test_no_change_sends_nothing_and_says_so(owner, cast):
    answer = press(owner, f"/provider/requests/new/organisation/{cast.oakfield.id}", comment="nothing")
    assert answer.status_code == 422 and "You have not changed anything, so nothing was sent" in answer.text


def test_a_postcode_of_another_country_is_taken(owner, cast):
    answer = press(
        owner, f"/provider/requests/new/organisation/{cast.oakfield.id}", postcode="D02 X285", country="Ireland"
    )
    assert answer.status_code == 303


def test_what_changed_while_the_form_was_open_is_said_first(owner, cast):
    from tests.pages import changed, fields

    address = f"/provider/requests/new/organisation/{cast.oakfield.id}"
    sent = changed(fields(owner.get(address).text), {"telephone": "01632 960 999"})
    Organisation.update(telephone="01632 960 111").where(Organisation.id == cast.oakfield.id).execute()
    answer = owner.post(address, data=sent)
    assert answer.status_code == 422 and "01632 960 111" in answer.text and "Nothing is sent yet" in answer.text
    again = owner.post(address, data=changed(fields(answer.text), {}))
    assert again.status_code == 303 and ChangeRequest.select().count() == 1


def test_the_module_off_leaves_no_page(owner, cast):
    from blueprints.settings import rules

    rules.put("module_organisations", False)
    assert owner.get("/provider/organisation").status_code == 404
    assert owner.get(f"/provider/requests/new/organisation/{cast.oakfield.id}").status_code == 404
    assert "Organisation</a>" not in owner.get("/provider/").text
