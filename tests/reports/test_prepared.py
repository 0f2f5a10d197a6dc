"""Reports too long to wait for: made by a job, fetched by whoever asked and still sees the same."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re

import openpyxl
import pytest

from blueprints import mail
from blueprints.jobs import rules as jobs
from blueprints.reports import rules
from blueprints.settings import rules as settings
from models import Change, File, FileChunk, Job, Mail, Organisation, PreparedReport, utc_now
from tests.provider_world import add_visit, settle
from tests.visits.test_provider import text_of

HERE = "/provider/reports/commissioned-v-actuals"
DATES = "first=1/9/2026&last=31/10/2026"


@pytest.fixture
def owner(client, cast, monkeypatch):
    """Somebody for whom one row is already too long to wait for."""
    for number in range(2):
        add_visit(cast, f"V{number}", package=(cast.package, cast.bobs)[number])
    settle(cast)
    monkeypatch.setattr(rules, "MOST_NOW", dict.fromkeys(rules.MOST_NOW, 1))
    return cast.sign_in(client, cast.finance)


def asked(browser, form: str = "csv", here: str = HERE) -> str:
    """Ask for it; the address of the page that waits."""
    answer = browser.post(f"{here}/preparations?{DATES}", data={"form": form})
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_long_report_is_offered_as_a_job(owner):
    shown = text_of(owner.get(f"{HERE}?{DATES}").text)
    assert "This report has about 2 rows: too many to wait for." in shown
    assert "Prepare Excel" in shown and "Prepare CSV" in shown and "Prepare PDF" in shown
    assert "Prepare CSV" in owner.get(f"{HERE}?{DATES}&format=csv").text, "a file is no quicker"
    assert not PreparedReport.select().exists()


@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_it_is_made_and_fetched(owner, cast, form):
    here = asked(owner, form)
    assert here == asked(owner, form), "pressed twice it is one"
    waiting = owner.get(here).text
    assert "Preparing the report" in waiting and "You can leave this page" in waiting
    assert "In progress" in owner.get("/provider/reports").text
    assert owner.get(here + "/file").status_code == 404
    assert jobs.run_waiting() == 1
    done = text_of(owner.get(here).text)
    assert "The report is ready: 2 rows" in done and "Date From" in done
    answer = owner.get(here + "/file")
    assert (
        "attachment" in answer.headers["Content-Disposition"]
        and "2026-10-31-made-" in answer.headers["Content-Disposition"]
    )
    if form == "csv":
        assert [row["SSRef"] for row in csv.DictReader(io.StringIO(answer.text))] == ["A100001", "A100002"]
    elif form == "xlsx":
        assert openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].max_row == 3
    else:
        assert answer.data.startswith(b"%PDF")
    assert (
        "Commissioned v Actuals" in owner.get("/provider/reports").text
        and "Done" in owner.get("/provider/reports").text
    )
    log = [json.loads(row.after) for row in Change.select().where(Change.what == "Ran a report")]
    assert [(run["outcome"], run["form"].lower()[:3]) for run in log] == [("2 rows", form.replace("xlsx", "exc"))]


def test_nobody_else_fetches_it_and_not_after_the_reach_has_changed(owner, cast):
    here = asked(owner)
    jobs.run_waiting()
    for person in (cast.manager, cast.outsider, cast.officer):
        cast.sign_in(owner, person)
        side = "authority" if person.is_officer else "provider"
        for address in (here, here + "/file"):
            assert owner.get(address.replace("/provider/", f"/{side}/")).status_code == 404, person.name
        assert "Reports that you had prepared" not in owner.get(f"/{side}/reports").text
    cast.sign_in(owner, cast.finance)
    assert owner.get(here + "/file").status_code == 200
    settings.put("report_commissioned", False)
    assert owner.get(here + "/file").status_code == 404
    settings.put("report_commissioned", True)
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    assert owner.get(here).status_code == 404 and owner.get(here + "/file").status_code == 404
    assert "Reports that you had prepared" not in owner.get("/provider/reports").text


@pytest.mark.parametrize("what", ["reach", "setting", "person"])
def test_who_may_not_see_it_any_more_gets_no_file(owner, cast, what):
    asked(owner)
    if what == "reach":
        cast.finance.organisation = cast.brookhouse
    elif what == "person":
        cast.finance.is_active = False
    else:
        settings.put("report_commissioned", False)
    cast.finance.save()
    jobs.run_waiting()
    row = PreparedReport.get()
    assert row.file_id is None and row.job.state == "Failed" and "has changed since you asked" in row.job.error
    outcome = [json.loads(change.after)["outcome"] for change in Change.select().where(Change.what == "Ran a report")]
    assert outcome == ["Refused: may not be seen any more"]


def test_what_fails_says_so_and_can_be_asked_for_again(owner, cast, monkeypatch):
    here = asked(owner)

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(rules, "write", fail)
    with pytest.raises(OSError):
        jobs.run_waiting()
    assert "The report could not be made. Ask for it again." in text_of(owner.get(here).text)
    assert json.loads(Change.select().where(Change.what == "Ran a report").get().after)["outcome"] == "Failed"
    assert not File.select().where(File.kind == "report").exists()
    assert asked(owner) != here


def test_a_killed_job_begun_again_makes_the_file_once(owner, monkeypatch):
    here = asked(owner)
    job = Job.get(Job.kind == "report")
    keep = rules.attachments.keep

    def killed(*facts, **named):
        keep(*facts, **named)
        raise jobs.Lost

    monkeypatch.setattr(rules.attachments, "keep", killed)
    jobs.run(job.id)
    assert PreparedReport.get().file_id is None and not File.select().where(File.kind == "report").exists()
    monkeypatch.undo()
    Job.update(state="Queued").where(Job.id == job.id).execute()
    jobs.run_waiting()
    assert "The report is ready" in owner.get(here).text
    rules.make_job(Job.get_by_id(job.id), None)  # it has its file
    assert File.select().where(File.kind == "report").count() == 1


def test_a_pdf_of_too_many_rows_is_refused(owner, monkeypatch):
    monkeypatch.setattr(rules, "MOST_PDF", 1)
    answer = owner.post(f"{HERE}/preparations?{DATES}", data={"form": "pdf"}, follow_redirects=True)
    assert "a PDF holds at most 1. Choose Excel or CSV" in text_of(answer.text)
    assert "prepared/" in asked(owner, "xlsx")


def test_nonsense_leads_back(owner):
    for query, form in ((DATES, "exe"), ("first=1/1/2027&last=1/1/2026", "csv")):
        answer = owner.post(f"{HERE}/preparations?{query}", data={"form": form})
        assert answer.status_code == 303 and answer.headers["Location"] == f"{HERE}?{query}"
    answer = owner.post(
        f"{HERE}/preparations?{DATES}", data={"form": "csv", "organisation_id": "999"}, follow_redirects=True
    )
    assert "You opened this form for another organisation" in text_of(answer.text)


def test_an_officer_has_one_over_all_providers(owner, cast):
    cast.sign_in(owner, cast.officer)
    here = asked(owner, "csv", "/authority/reports/commissioned-v-actuals")
    jobs.run_waiting()
    found = list(csv.DictReader(io.StringIO(owner.get(here + "/file").text)))
    assert {row["OrganisationName"] for row in found} == {"Oakfield Home Care"} and len(found) == 2
    assert "Preparing a report" in owner.get("/authority/jobs").text


def test_it_is_deleted_after_some_days(owner):
    here = asked(owner)
    jobs.run_waiting()
    assert rules.tidy() == 0
    PreparedReport.update(asked_at=utc_now().replace(year=2020)).execute()
    assert (
        rules.tidy() == 1
        and not FileChunk.select().exists()
        and not File.select().where(File.kind == "report").exists()
    )
    assert owner.get(here).status_code == 404


def test_the_region_that_asks_again_is_a_part_of_its_page(owner):
    here = asked(owner)
    target = re.search(r'hx-target="#([\w-]+)"', owner.get(here).text)[1]
    asking = {"HX-Request": "true", "HX-Target": f"div#{target}", "HX-Request-Type": "partial"}
    waiting = owner.get(here, headers=asking).text
    assert (
        "<h1" not in waiting
        and waiting.lstrip().startswith('<div class="portal-progress"')
        and f'id="{target}"' in waiting
    )
    jobs.run_waiting()
    done = owner.get(here, headers=asking).text
    assert (
        done.lstrip().startswith(f'<div id="{target}"') and "The report is ready" in done and "hx-trigger" not in done
    )


def test_who_asked_is_told_when_it_took_long(owner, cast):
    asked(owner)
    jobs.run_waiting()
    assert not Mail.select().exists(), "made before one has gone away"
    here = asked(owner, "xlsx")
    PreparedReport.update(asked_at=utc_now() - dt.timedelta(minutes=3)).where(PreparedReport.form == "xlsx").execute()
    jobs.run_waiting()
    (row,) = Mail.select()
    text = mail.words_of(row)
    assert (row.kind, row.user_id) == ("report-ready", cast.finance.id)
    assert "Commissioned v Actuals (Excel)" in text.plain and here in text.plain
    assert "Archer" not in text.html and "Commissioned" not in text.subject


@pytest.mark.parametrize("change", ["reach", "report", "module", "kind", "file"])
def test_who_no_longer_sees_it_is_not_told(owner, cast, change):
    asked(owner)
    PreparedReport.update(asked_at=utc_now() - dt.timedelta(minutes=3)).execute()
    jobs.run_waiting()
    (row,) = Mail.select()
    assert mail.words_of(row) is not None
    if change == "reach":
        Organisation.update(limited_accessibility=True).execute()
    elif change == "report":
        settings.put("report_commissioned", False)
    elif change == "module":
        settings.put("module_packages", False)
    elif change == "kind":
        Organisation.update(kinds="Home care").execute()
        settings.put("modules off by kind", {"Home care": ["module_packages"]})
    else:
        PreparedReport.update(file=None).execute()
    assert mail.words_of(Mail.get()) is None


def test_off_for_its_kind_the_report_is_not_made(owner, cast):
    here = asked(owner)
    Organisation.update(kinds="Home care").execute()
    settings.put("modules off by kind", {"Home care": ["module_packages"]})
    jobs.run_waiting()
    assert PreparedReport.get().made_at is None
    assert owner.get(here).status_code == 404 and "Commissioned v Actuals" not in owner.get("/provider/reports").text
