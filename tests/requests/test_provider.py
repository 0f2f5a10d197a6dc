"""Requests sent to the authority, as providers see them (C-03, C-04, F-03 to F-17)."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from blueprints.history import Actor
from blueprints.requests import kinds, rules
from blueprints.settings import rules as settings
from models import ChangeRequest, File, Organisation
from tests.conftest import TODAY
from tests.pages import press, press_at, queries

NOW = dt.datetime.combine(TODAY, dt.time(12))
OFFICER = Actor(None, "Amir Khan")


@pytest.fixture
def owner(client, cast):
    """Greta of Oakfield, signed in."""
    return cast.sign_in(client, cast.finance)


@pytest.fixture
def ask(cast):
    """Send a request of Greta's, or of a colleague's, for Oakfield's telephone."""

    def ask(telephone: str, user=None, days: int = 0, comment: str = ""):
        user = user or cast.finance
        row = Organisation.get_by_id(cast.oakfield.id)
        sent = rules.send(
            kinds.every()["organisation"], row, {"telephone": telephone}, Actor(user.id, user.name), row.id, comment
        )
        ChangeRequest.update(sent_at=NOW - dt.timedelta(days)).where(ChangeRequest.id == sent.id).execute()
        return sent

    return ask


@pytest.mark.feature("C-04")
def test_the_home_page_tells_of_ones_own_rejected_requests_until_they_are_opened(owner, cast, ask):
    assert "rejected" not in owner.get("/provider/").text
    mine, colleagues = ask("1"), ask("2", cast.manager)
    rules.reject(mine.id, OFFICER, "Already done")
    rules.reject(colleagues.id, OFFICER, "Already done")
    home = owner.get("/provider/").text
    assert "1 of your requests has been rejected" in home
    second = ask("3")
    rules.reject(second.id, OFFICER, "Already done")
    assert "2 of your requests have been rejected" in owner.get("/provider/").text
    owner.get(f"/provider/requests/{mine.id}")
    owner.get(f"/provider/requests/{second.id}")
    assert "rejected" not in owner.get("/provider/").text
    rules.accept(ask("4").id, OFFICER)
    assert "1 of your requests has been approved" in owner.get("/provider/").text


@pytest.mark.feature("C-03", "F-03")
def test_the_months_of_the_home_page(owner, ask):
    assert 'id="months" name="months" inputmode="numeric" value="1"' in owner.get("/provider/").text
    old = ask("1", days=45)
    rules.accept(old.id, OFFICER)
    link = f'href="/provider/requests/{old.id}"'
    assert link not in owner.get("/provider/requests?months=1").text
    assert link in owner.get("/provider/requests?months=2").text
    for bad in ("0", "-1", "two", "1.5", "²"):
        answer = owner.get("/provider/requests", query_string={"months": bad})
        assert answer.status_code == 422 and "whole number of 1 or more" in answer.text, bad
    settings.put("request_months", 3)
    assert 'value="3"' in owner.get("/provider/").text and link in owner.get("/provider/requests").text


@pytest.mark.feature("F-11")
def test_a_month_and_all_that_waits_and_the_rest_with_archived(owner, ask):
    waiting, done = ask("1", days=400), ask("2", days=400)
    rules.accept(done.id, OFFICER)
    text = owner.get("/provider/requests").text
    assert f'/provider/requests/{waiting.id}"' in text and f'/provider/requests/{done.id}"' not in text
    assert f'/provider/requests/{done.id}"' in owner.get("/provider/requests?archived=y").text
    assert "no change requests that match the filter" in owner.get("/provider/requests?state=Withdrawn").text


@pytest.mark.feature("F-04", "F-08", "F-09", "F-10", "F-16")
def test_the_list(owner, cast, ask):
    mine, colleagues = ask("01632 960 111"), ask("01632 960 222", cast.manager)
    rules.reject(colleagues.id, OFFICER, "Already done", "See our letter")
    text = owner.get("/provider/requests").text
    for heading in ("Status", "Submitted", "Last Updated", "Type", "Entity Name", "Details", "Rejection Reason"):
        assert heading in text
    assert "Update Organisation" in text and "Oakfield Home Care" in text and ">--<" in text
    assert "govuk-tag--yellow" in text and "govuk-tag--red" in text and "Pending" in text and "Rejected" in text
    assert "01632 960 111" in text and "Already done. See our letter" in text and "Owen Marsh" in text
    only = owner.get("/provider/requests?whose=mine").text
    assert "01632 960 111" in only and "01632 960 222" not in only
    rules.accept(mine.id, OFFICER)
    assert "govuk-tag--green" in owner.get("/provider/requests").text
    assert "no change requests that match" in owner.get("/provider/requests?kind=contact").text
    csv = owner.get("/provider/requests?format=csv").text
    assert "Update Organisation,Oakfield Home Care,Greta Finch,Telephone,,01632 960 111" in csv


@pytest.mark.feature("F-08")
def test_a_new_contact_has_no_entity_name_in_the_list(owner, cast):
    press(owner, f"/provider/requests/new/contact-new/{cast.oakfield.id}", surname="Ünver")
    text = owner.get("/provider/requests").text
    assert 'data-label="Entity Name"></td>' in text and "New Contact" in text


@pytest.mark.feature("F-05", "F-07")
def test_one_request_shows_old_and_new_and_the_comment(owner, ask):
    Organisation.update(telephone="01632 960 201").execute()
    sent = ask("01632 960 111", comment="We have moved")
    text = owner.get(f"/provider/requests/{sent.id}").text
    assert "Values that have been removed or replaced are" in text and "We have moved" in text
    assert "Removed: </span>01632 960 201</del>" in text and "New: </span>01632 960 111</ins>" in text
    too_long = press(
        owner, f"/provider/requests/new/organisation/{sent.organisation_id}", telephone="2", comment="x" * 2001
    )
    assert too_long.status_code == 422 and "must be 2,000 characters or fewer" in too_long.text


def test_others_see_nothing_of_it(client, cast, ask):
    sent = ask("1")
    outsider = cast.sign_in(client, cast.outsider)
    assert outsider.get(f"/provider/requests/{sent.id}").status_code == 404
    assert outsider.post(f"/provider/requests/{sent.id}/withdrawal").status_code == 404
    assert "Oakfield" not in outsider.get("/provider/requests").text


def test_withdrawing_ones_own_while_it_waits(owner, cast, ask):
    sent = ask("1")
    assert "Withdraw request" in owner.get(f"/provider/requests/{sent.id}").text
    colleague = cast.sign_in(owner.application.test_client(), cast.manager)
    assert "Withdraw request" not in colleague.get(f"/provider/requests/{sent.id}").text
    assert colleague.post(f"/provider/requests/{sent.id}/withdrawal").status_code == 403
    page = f"/provider/requests/{sent.id}"
    press_at(owner, page, f"{page}/withdrawal")
    assert "Your request is withdrawn" in owner.get(page).text
    assert ChangeRequest.get_by_id(sent.id).state == "Withdrawn"
    late = ask("2")
    rules.accept(late.id, OFFICER)
    owner.post(f"/provider/requests/{late.id}/withdrawal")
    assert "Amir Khan has accepted this request already" in owner.get(f"/provider/requests/{late.id}").text


@pytest.mark.feature("F-12")
def test_kinds_that_are_unknown_or_off_cannot_be_posted(owner, cast):
    settings.put("requests off", ["organisation"])
    for kind in ("organisation", "client", "nonsense"):
        address = f"/provider/requests/new/{kind}/{cast.oakfield.id}"
        assert owner.get(address).status_code == 404 and owner.post(address, data={"telephone": "1"}).status_code == 404
    assert ">Edit</a>" not in owner.get("/provider/organisation").text


# attachments ---------------------------------------------------------------------------------------------------------------


def with_files(client, address: str, *files, **fields):
    """Send a form with attachments."""
    data = {**fields, "documents": [(io.BytesIO(content), name) for name, content in files]}
    return client.post(address, data=data, content_type="multipart/form-data")


def test_attachments_are_kept_and_served_as_attachments_only(owner, cast):
    address = f"/provider/requests/new/organisation/{cast.oakfield.id}"
    fields = {"name": cast.oakfield.name, "telephone": "01632 960 111", "organisation_id": str(cast.oakfield.id)}
    answer = with_files(owner, address, ("lease.pdf", b"%PDF-1.4 hello\n%%EOF"), ("../note.txt", b"A note"), **fields)
    assert answer.status_code == 303, answer.text
    row = ChangeRequest.get()
    first, second = rules.files_of(row)
    assert (first.name, second.name) == ("lease.pdf", "note.txt")
    got = owner.get(f"/provider/requests/{row.id}/files/{first.id}")
    assert got.data == b"%PDF-1.4 hello\n%%EOF" and got.headers["Content-Disposition"].startswith("attachment")
    outsider = cast.sign_in(owner.application.test_client(), cast.outsider)
    assert outsider.get(f"/provider/requests/{row.id}/files/{first.id}").status_code == 404
    officer = cast.sign_in(owner.application.test_client(), cast.officer)
    assert officer.get(f"/authority/requests/{row.id}/files/{first.id}").data == got.data
    assert "lease.pdf" in officer.get(f"/authority/requests/{row.id}").text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.exe", b"MZ", "choose a file whose name ends in .pdf"), ("lease.pdf", b"MZ", "the content is no PDF file"),
        ("empty.txt", b"", "choose a file that is not empty"),
        ("macro.docx", b"PK\x03\x04 vbaProject.bin", "the content is no Word file"), ("bin.txt", b"a\0b", "the content is no text file"),
    ],
)  # fmt: skip
def test_files_that_are_not_taken(owner, cast, name, content, said):
    address = f"/provider/requests/new/organisation/{cast.oakfield.id}"
    fields = {"name": cast.oakfield.name, "telephone": "01632 960 111", "organisation_id": str(cast.oakfield.id)}
    answer = with_files(owner, address, (name, content), **fields)
    assert answer.status_code == 422 and said in answer.text and "01632 960 111" in answer.text
    assert not ChangeRequest.select().exists() and not File.select().exists()


def test_a_form_made_for_another_organisation_is_refused(owner, cast):
    answer = press(
        owner,
        f"/provider/requests/new/organisation/{cast.oakfield.id}",
        telephone="1234",
        organisation_id=str(cast.brookhouse.id),
    )
    assert answer.status_code == 422 and "another organisation" in answer.text and not ChangeRequest.select().exists()


def test_lists_cost_the_same_at_ten_rows_as_at_one(owner, ask):
    ask("0")
    one = queries(owner, "/provider/requests"), queries(owner, "/provider/organisation")
    for n in range(1, 11):
        ask(str(n))
    assert (queries(owner, "/provider/requests"), queries(owner, "/provider/organisation")) == one


def test_once_let_through_it_says_so(owner, cast):
    settings.put("requests at once", ["organisation"])
    form = f"/provider/requests/new/organisation/{cast.oakfield.id}"
    assert "made at once" in owner.get(form).text
    answer = press(owner, form, telephone="01632 960 111")
    text = owner.get(answer.location).text
    assert "Your change has been made" in text and "01632 960 111" in text and "pending" not in text
