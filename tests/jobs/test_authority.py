"""Jobs as officers see them: what failed, and beginning again."""

from __future__ import annotations

import pytest

from blueprints.jobs import rules as jobs
from models import Job
from tests import counting


@pytest.fixture
def officer(client, cast):
    """The officer with every role, signed in."""
    return cast.sign_in(client, cast.officer)


def test_a_failed_job_is_listed_and_begun_again_once(officer, cast):
    job = Job.create(kind="settle", state="Failed", error="OSError")
    text = officer.get("/authority/jobs").text
    assert "Matching visits and working out payments" in text and "OSError" in text and "Begin again" in text
    for _ in range(2):
        officer.post(f"/authority/jobs/{job.id}/repetition")
    assert Job.select().where(Job.state == "Queued").count() == 1
    jobs.run_waiting()
    assert jobs.failed() == []
    text = officer.get("/authority/jobs").text
    assert "done since" in text and "Begin again" not in text


def test_what_cannot_be_begun_again_here(officer, cast):
    job = Job.create(kind="finalise", about=cast.periods[0].id, state="Failed", error="The figures have changed.")
    text = officer.get("/authority/jobs?state=Failed").text
    assert "The figures have changed." in text and "Begin again" not in text
    officer.post(f"/authority/jobs/{job.id}/repetition")
    assert Job.select().where(Job.state == "Queued").count() == 0
    assert officer.post("/authority/jobs/999/repetition").status_code == 404


def test_a_refusal_is_kept_in_its_words(app):
    @jobs.handles("refused by a test")
    def refuse(job, progress):
        raise jobs.Refused("Not today.")

    made = jobs.queue("refused by a test", wanted={"a": 1})
    jobs.run(made.id)
    made = Job.get_by_id(made.id)
    assert (made.state, made.error, made.wanted) == ("Failed", "Not today.", '{"a": 1}')
    del jobs.HANDLERS["refused by a test"]


def test_as_many_queries_for_many_jobs_as_for_one(officer, cast):
    Job.create(kind="settle", state="Done", user=cast.officer)
    few = counting.of(officer, "/authority/jobs")
    for _ in range(10):
        Job.create(kind="settle", state="Failed", user=cast.officer)
    assert counting.of(officer, "/authority/jobs") == few
