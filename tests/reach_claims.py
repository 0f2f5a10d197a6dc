"""More of the world that reach is tested in: disputes, one-off claims, and what is one person's alone."""

from __future__ import annotations

import io

from blueprints.attachments import rules as attachments
from blueprints.claims import rules as claims
from blueprints.history import Actor
from blueprints.reach import Reach
from blueprints.reports import rules as reports
from models import (
    Actual,
    Claim,
    ClaimFile,
    ClaimItem,
    ClaimPost,
    ClaimState,
    Dispute,
    DisputeRow,
    Job,
    PreparedReport,
    ServiceLevel,
    SignIn,
    utc_now,
)
from tests.cast import MONDAY
from tests.claims.world import incentive
from tests.conftest import TODAY
from tests.disputes.world import DUE, raised


def disputes(world) -> None:
    """Disputes of a visit and of a week of actuals in every part, and of a visit of no service."""
    cast = world.cast
    level = ServiceLevel.create(ref="DC", name="Day Care", unit="Sessions", paid_on="actuals", entry="weekly")
    for number, (part, package) in enumerate(list(world.packages.items())):
        made = cast.make_package(
            156040 + number, package.client, package.service, level, package.contract, quantity=300, unit_cost=400000
        )
        Actual.create(
            package=made, week=MONDAY, organisation=made.organisation_id, service=made.service_id, actual=200,
            comments=f"{world.marks[part]} actual", source="entered", changed_by="Greta Finch",
        )  # fmt: skip
        dispute(world, part, f"a{made.id}-{MONDAY}")
    for part in ("north", "south", "whole", "other"):
        dispute(world, part, f"v{world.rows['visit_id'][part][0]}")


def dispute(world, part: str, key: str) -> Dispute:
    """A dispute about a visit or a week, with a response."""
    mark = world.marks[part]
    made = raised(key, details=f"{mark} why", due=DUE)
    Dispute.update(response=f"{mark} because").where(Dispute.id == made.id).execute()
    world.note("dispute_id", part, made)
    return made


def forget_disputes(world, part: str) -> None:
    """Take the disputes of a part away."""
    idents = world.rows["dispute_id"].get(part, [])
    DisputeRow.delete().where(DisputeRow.dispute.in_(idents)).execute()
    Dispute.delete().where(Dispute.id.in_(idents)).execute()


# claims ----------------------------------------------------------------------------------------------------------------

STATES = {
    "north": (ClaimState.UNSUBMITTED, ClaimState.ACCEPTED), "south": (ClaimState.PENDING, ClaimState.ACCEPTED),
    "other": (ClaimState.PENDING,),
}  # fmt: skip


def one_off(world) -> None:
    """Claims of every part: a draft, one for which evidence is asked, accepted ones; with notes, words and files."""
    level = incentive()
    for part, states in STATES.items():
        mark, package = world.marks[part], world.packages[part]
        for state in states:
            claim = claims.begin(package.service, f"{mark} notes", Actor(None, f"{mark} claimant"), TODAY)
            decided = {"decided_at": utc_now(), "decided_by": "An officer"} if state == ClaimState.ACCEPTED else {}
            asked = {"asked_at": utc_now()} if state == ClaimState.PENDING else {}
            Claim.update(state=state, submitted_at=utc_now(), **decided, **asked).where(Claim.id == claim.id).execute()
            item = ClaimItem.create(
                claim=claim, organisation=claim.organisation_id, contract=package.contract_id, client=package.client_id,
                level=level, description=f"{mark} description", unit_cost=50000, claimed=500,
                amount=500 if decided else 0, stay_first=MONDAY, stay_last=MONDAY,
            )  # fmt: skip
            ClaimPost.create(
                claim=claim, organisation=claim.organisation_id, by_officer=True, text=f"{mark} asked", by="An officer"
            )
            file = attachments.keep(
                io.BytesIO(mark.encode()), f"{mark}.txt", "text/plain", "claim", claim.organisation_id, None, 100
            )
            kept = ClaimFile.create(item=item, organisation=claim.organisation_id, file=file, by=mark)
            world.note("claim_id", part, claim)
            world.note("item_id", part, item)
            world.note("file_id", part, kept)


def forget_claims(world, part: str) -> None:
    """Take the claims of a part away."""
    Claim.delete().where(Claim.id.in_(world.rows["claim_id"].get(part, []))).execute()


# one person's alone ----------------------------------------------------------------------------------------------------


def alone(world) -> None:
    """Sessions, reports that are being made and jobs: one's own, a colleague's, and another organisation's job."""
    world.note(
        "session_id",
        "own",
        SignIn.create(digest=f"of one {SignIn.select().count()}", person=world.person.person_id, user=world.person),
    )
    name = next(one.name for one in reports.LISTED.values() if not one.of_payments)
    for part, user in (("own", world.person), ("nobody", world.colleague)):
        made = PreparedReport.create(
            user=user, organisation=world.cast.oakfield, name=name, form="csv", wanted="{}", told="[]",
            reach=reports.key_of(Reach.of(user)),
        )  # fmt: skip
        world.note("prepared_id", part, made)
    ours, theirs = world.cast.oakfield, world.cast.brookhouse
    for part, user, owner in (("own", world.person, ours), ("whole", world.colleague, ours), ("other", None, theirs)):
        made = Job.create(kind="generate", user=user, organisation=owner, doing=world.marks.get(part, ""))
        world.note("job_id", part, made)
