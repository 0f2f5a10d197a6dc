"""More of the world that reach is tested in: weeks of actuals by hand, a client whom every service cares for, money."""

from __future__ import annotations

import datetime as dt

from blueprints.history import Actor
from blueprints.periods import rules as periods
from blueprints.settings import rules as settings
from models import (
    Actual,
    Client,
    ConfirmedWeek,
    Due,
    Hold,
    Increase,
    IncreaseState,
    LockedWeek,
    ManualAdjustment,
    Package,
    PaymentItem,
    Reminder,
    TimetableSlot,
    UnplannedActual,
    UnplannedState,
    utc_now,
)
from tests.actuals.world import level
from tests.cast import MONDAY, at
from tests.conftest import TODAY
from tests.provider_world import add_visit, settle

WEEK = dt.timedelta(7)
BY = Actor(None, "An officer")
MOST = 1_000_000


def by_hand(world) -> None:
    """Lines by the week, by the day and by the year in every part: for its own client, and for one whom all know."""
    cast, made = world.cast, []
    settings.change(BY, {"unplanned_actuals": True})
    weekly, daily = level("DOM", "Domestic Support"), level("RND", "Rounds", entry="daily")
    breaks, extra = level("SB", "Short Breaks", "Nights", intermittent=True), level("EX", "Extra Help")
    shared = Client.create(ssref="MS-1", client_ref="MS-R", surname="Everywhere", forename="Common")
    world.note("client_id", "any", shared)
    for number, (part, package) in enumerate(list(world.packages.items())):
        mark, service = world.marks[part], package.service
        for client in (package.client, shared):
            lines = [
                cast.make_package(
                    MOST + 100 * number + 10 * (client == shared) + n, client, service, kind, package.contract,
                    quantity=700, unit_cost=161_600, frequency="Yearly" if kind is breaks else "Weekly",
                    care_package_ref=f"{mark}-{n}",
                )
                for n, kind in enumerate((weekly, weekly, daily, breaks, cast.personal_care))
            ]  # fmt: skip
            for line in lines[:1] + lines[2:4]:  # the second one is missing
                actual(line, 600, f"{mark} short")
            TimetableSlot.create(package=lines[4], weekday=2, entry=at(7), exit=at(8))
            add_visit(cast, f"{mark}-w{client.id}", lines[4], start=at(7), service=service, comments=f"{mark} again")
            Increase.create(
                package=lines[0], week=MONDAY, organisation=service.organisation_id, state=IncreaseState.REFUSED,
                reason=f"{mark} refusal", by="An officer", at=utc_now(),
            )  # fmt: skip
            UnplannedActual.create(
                organisation=service.organisation_id, service=service, client=client, level=extra, week=MONDAY,
                actual=100, comments=f"{mark} unplanned", changed_by=f"{mark} person",
                state=UnplannedState.REFUSED, reason=f"{mark} no package",
            )  # fmt: skip
            made += [] if part == "other" else lines
        ConfirmedWeek.create(service=service, week=MONDAY - WEEK, by=f"{mark} person")
        LockedWeek.create(service=service, week=MONDAY - 2 * WEEK, by=f"{mark} person")
        Reminder.create(service=service, week=MONDAY, text=f"{mark} reminder", by="An officer")
    settle(cast, *made)


def actual(package: Package, quantity: int, comments: str) -> None:
    """An actual of the week, entered by somebody."""
    Actual.create(
        package=package, week=MONDAY, organisation=package.organisation_id, service=package.service_id, actual=quantity,
        comments=comments, source="entered", changed_by=comments,
    )  # fmt: skip


def forget_by_hand(packages: list[int], service: int) -> None:
    """Take the increases of packages and the unplanned actuals of a service away."""
    Increase.delete().where(Increase.package.in_(packages)).execute()
    UnplannedActual.delete().where(UnplannedActual.service == service).execute()


# money: it is a contract's (rule 11.1) -----------------------------------------------------------------------------------


def money(world) -> None:
    """A period that is paid, adjustments by hand before and after it, and something held, of either contract."""
    for part in ("north", "south"):
        contract, mark = world.contracts[part], world.marks[f"money-{part}"]
        adjust(contract, mark, "paid")
        periods.finalise(contract, world.cast.periods[0], BY, TODAY)
        adjust(contract, mark, "waits")
        Hold.create(
            package=world.packages[part],
            week=MONDAY,
            kind="cost",
            state="Suspended",
            reason=f"{mark} held",
            by="An officer",
        )


def adjust(contract, mark: str, words: str) -> None:
    """An adjustment by hand."""
    ManualAdjustment.create(
        contract=contract, organisation=contract.organisation_id, amount=12345, reason=f"{mark} reason",
        note=f"{mark} {words}", by="An officer", key=f"{mark}-{words}",
    )  # fmt: skip


def forget_money(contract) -> None:
    """Take what was paid under a contract away, and what is to be; that a period is over says which weeks still wait."""
    PaymentItem.delete().where(PaymentItem.contract == contract).execute()
    ManualAdjustment.delete().where(ManualAdjustment.contract == contract).execute()
    Hold.delete().where(Hold.package.in_(Package.select(Package.id).where(Package.contract == contract))).execute()
    Due.update(paid_cost=0, paid_vat=0, paid_contribution=0).where(Due.contract == contract).execute()
