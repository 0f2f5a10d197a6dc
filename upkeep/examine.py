"""Examines settings and database: what is wrong, and how to mend it. Changes nothing."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import database
import migrations
from blueprints import chain, keys, mail
from blueprints.accounts import second
from blueprints.orders import rules as orders
from blueprints.payments import rules as payments
from blueprints.search import index as search
from blueprints.settings import rules as settings
from demonstration.people import EVERYBODY
from models import (
    Contract,
    Import,
    Job,
    JobState,
    OfficerRole,
    PaymentBasis,
    Person,
    PurchaseOrder,
    Setting,
    StaleGroup,
    StalePackage,
    User,
    db,
    utc_now,
)

ROOT = Path(__file__).resolve().parent.parent
STUCK = dt.timedelta(minutes=2)
LOCAL = ("127.0.0.1", "localhost", "::1")
LEAST_FREE = 500_000_000  # bytes


class Finding(NamedTuple):
    """Something wrong, and how to mend it."""

    what: str
    mend: str


def examine(base_url: str, secret_key: str) -> Iterator[tuple[str, list[Finding]]]:
    """Each part that is examined, with what is wrong there."""
    yield "Settings", [*environment(base_url, secret_key), *stored_settings()]
    yield "Files", [*permissions(), *disk()]
    yield "Database", [*version(), *integrity()]
    for name, part in PARTS.items():
        yield name, list(part())


def environment(base_url: str, secret_key: str) -> Iterator[Finding]:
    """The settings of the environment."""
    if len(secret_key) < 32:
        yield Finding("PORTAL_SECRET_KEY is short.", "Give at least 32 random characters, or none: one is then made.")
    local = any(base_url.startswith(f"http://{host}") for host in LOCAL)
    if not base_url.startswith("https://") and not local:
        yield Finding(
            f"PORTAL_BASE_URL is {base_url}: passwords and clients' details would travel unencrypted.",
            "Serve the portal behind a proxy with a certificate and set PORTAL_BASE_URL to its https:// address.",
        )
    url = urlsplit(os.environ.get("PORTAL_DATABASE_URL", ""))
    host = parse_qs(url.query).get("host", [url.hostname or ""])[0]
    away = not (not host or host.startswith("/") or host in LOCAL)
    if url.scheme.startswith("postgres") and away and "sslmode=verify-full" not in url.query:
        yield Finding(
            "PORTAL_DATABASE_URL names another machine without sslmode=verify-full: who listens between could read all.",
            "Add ?sslmode=verify-full&sslrootcert=/path/of/the/authority.pem to it.",
        )
    post = urlsplit(os.environ.get("PORTAL_MAIL_URL", ""))
    if post.scheme == "smtp" and post.hostname not in LOCAL and "tls=must" not in post.query and not post.username:
        yield Finding(
            "PORTAL_MAIL_URL does not insist on TLS: mail could leave this machine unencrypted.",
            "Add ?tls=must to it, or use smtps://.",
        )
    if os.environ.get("PORTAL_DEBUG") == "1" and base_url.startswith("https://"):
        yield Finding("PORTAL_DEBUG is on: the log may hold personal details.", "Remove it.")
    if os.environ.get("PORTAL_WORKER", "inside") not in ("inside", "apart"):
        yield Finding("PORTAL_WORKER is neither inside nor apart.", "Set it to inside, or remove it.")
    if not os.environ.get("PORTAL_PROXIES", "0").isdigit():
        yield Finding("PORTAL_PROXIES is no number.", "Set it to the number of proxies in front of the portal.")


def stored_settings() -> Iterator[Finding]:
    """The authority's settings: known, and of values that the settings page would take."""
    now = settings.read()
    for (name,) in Setting.select(Setting.name).tuples():
        if name in ("demonstration", "today"):
            continue
        if name not in settings.SPECS:
            yield Finding(
                f"The setting {name} is not known to this version.", "It does nothing. Leave it or delete its row."
            )
            continue
        if settings.SPECS[name].kind == "lines":
            continue
        try:
            settings.clean(name, getattr(now, name))
        except settings.Refused as refusal:
            yield Finding(f"The setting {name} has a value that cannot be: {refusal}.", "Set it anew in Settings.")
    if now.today and not now.is_demonstration:
        yield Finding(
            "The date taken as today is set, and this is no demonstration.",
            "Delete the row today of the table setting.",
        )


def permissions() -> Iterator[Finding]:
    """Nobody else on this machine can read the key or the database."""
    found = [ROOT / "instance" / "secret_key"]
    if database.is_sqlite(db):
        found.append(Path(database.real(db).database))
    for file in found:
        if file.is_file() and stat.S_IMODE(file.stat().st_mode) & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
            yield Finding(f"Others can read or change {file}.", f"chmod 600 {file}")


def disk() -> Iterator[Finding]:
    """Room to go on, and for one more copy of the database."""
    folder = Path(database.real(db).database).parent if database.is_sqlite(db) else ROOT / "instance"
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    size = Path(database.real(db).database).stat().st_size if database.is_sqlite(db) else 0
    if free < max(LEAST_FREE, size):
        yield Finding(
            f"{free // 1_000_000} MB are free in {folder}; a backup of {size // 1_000_000} MB may not fit.",
            "Delete what is not needed there, or move the database to a larger disk.",
        )


def version() -> Iterator[Finding]:
    """The database is of this program's version."""
    try:
        migrations.check(database.real(db))
    except migrations.SchemaError as error:
        yield Finding(str(error), "See docs/host.md, Upgrading.")


def integrity() -> Iterator[Finding]:
    """The database's own examination, and that every reference has what it points at."""
    if database.is_sqlite(db):
        (answer,) = db.execute_sql("PRAGMA integrity_check(5)").fetchone()
        if answer != "ok":
            yield Finding(f"The database is damaged: {answer}", "Stop the portal and restore the last backup.")
        for table, _, other, _ in db.execute_sql("PRAGMA foreign_key_check").fetchmany(5):
            yield Finding(f"A row of {table} points at a row of {other} that is not there.", "Restore the last backup.")
        return
    for (name,) in db.execute_sql("SELECT conname FROM pg_constraint WHERE NOT convalidated").fetchall():
        yield Finding(f"The constraint {name} has not been validated.", f"ALTER TABLE … VALIDATE CONSTRAINT {name}")
    for (name,) in db.execute_sql(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready"
    ).fetchall():
        yield Finding(f"The index {name} is not usable.", f"REINDEX INDEX {name}")


def people() -> Iterator[Finding]:
    """Somebody can administer; nobody signs in with a password that everybody knows."""
    administrators = User.select().join(OfficerRole).where((OfficerRole.role == "administrator") & User.is_active)
    if not administrators.exists():
        yield Finding("No administrator can sign in.", "flask --app app user add EMAIL --authority")
    kinds = [(second.APP, Person.authenticator)]
    if settings.read().security_code:
        kinds.append((second.CODE, Person.code))
    for purpose, column in kinds:
        text = Person.select(column).where(column.is_null(False)).limit(1).scalar()
        if text is None:
            continue
        try:
            keys.unseal(purpose, text)
        except keys.Unreadable:
            yield Finding(
                "Security codes and authenticator apps were sealed under another PORTAL_SECRET_KEY: nobody who has one "
                "can sign in.",
                "Set the key that was used before; or let people in anew with: flask --app app user release EMAIL",
            )
    if not settings.read().is_demonstration:
        known = [row[0] for row in EVERYBODY if row[0] != "officer@authority.example"]
        for user in User.select(User, Person).join(Person).where(Person.email.in_(known) & User.is_active):
            yield Finding(f"The demonstration login {user.email} is active here.", "Deactivate it.")


def outbox() -> Iterator[Finding]:
    """Mail goes out."""
    count = mail.failing()
    if count:
        yield Finding(
            f"{count} message{'s' if count > 1 else ''} could not be sent.",
            "See Mail for what the mail server says, mend PORTAL_MAIL_URL or the server, and send them again there.",
        )


def cycles() -> Iterator[Finding]:
    """Every contract that is paid has a current period (rule 7.1)."""
    contracts = list(Contract.select().where(Contract.payment_basis == PaymentBasis.PORTAL))
    known = payments.states(contracts)
    without = sorted({c.cycle.name for c in contracts if known[c.id].oldest_current is None})
    for name in without:
        yield Finding(
            f"The payment cycle {name} has no current period: nothing new is paid by it.",
            "Add its next periods under Periods, or load payment-periods.",
        )


def jobs() -> Iterator[Finding]:
    """Nothing waits that nobody works at."""
    late = utc_now() - STUCK
    running = Job.select().where((Job.state == JobState.RUNNING) & (Job.leased_until < late)).count()
    queued = Job.select().where((Job.state == JobState.QUEUED) & (Job.queued_at < late)).count()
    mend = "Start the portal, or with PORTAL_WORKER=apart: flask --app app work"
    if running:
        yield Finding(f"{running} jobs died and have not been begun again.", mend)
    if queued:
        yield Finding(f"{queued} jobs have waited for more than 2 minutes.", mend)
    stale = StaleGroup.select().count() + StalePackage.select().count()
    waiting = Job.select().where(
        Job.kind.in_(["settle", "import-take"]) & Job.state.in_([JobState.QUEUED, JobState.RUNNING])
    )
    if stale and not waiting.exists():
        yield Finding(
            f"{stale} changes of visits or packages have not been followed up, and no job is to do it.",
            "Start the portal: its worker takes them up within ten minutes.",
        )
    for batch in Import.select(Import, Job).join(Job).where(Import.busy.is_null(False)):
        if batch.job.is_over:
            yield Finding(
                f"The import of {batch.file_name} ended without saying so; its organisation cannot import.",
                "Choose the next file: the import that died is then brought to an end.",
            )


PAID = """
SELECT count(*) FROM (
    SELECT package_id, week FROM (
        SELECT package_id, week, vat,
            CASE WHEN kind = 'contribution' THEN 0 ELSE amount END AS cost,
            CASE WHEN kind = 'contribution' THEN amount ELSE 0 END AS contribution
        FROM payment_item
        WHERE package_id IS NOT NULL AND kind IN ('cost', 'adjustment', 'contribution')
            AND state IN ('Payable', 'Cancelled')
        UNION ALL
        SELECT package_id, week, -paid_vat, -paid_cost, -paid_contribution FROM due
        WHERE paid_cost <> 0 OR paid_vat <> 0 OR paid_contribution <> 0
    ) AS both_sides
    GROUP BY package_id, week HAVING sum(cost) <> 0 OR sum(vat) <> 0 OR sum(contribution) <> 0
) AS differing
"""
BY_HAND = """
SELECT count(*) FROM (
    SELECT m.id FROM manual_adjustment m
    LEFT JOIN payment_item i ON i.adjustment_id = m.id AND i.state IN ('Payable', 'Cancelled')
    GROUP BY m.id, m.finalisation_id HAVING count(i.id) <> CASE WHEN m.finalisation_id IS NULL THEN 0 ELSE 1 END
) AS differing
"""
CLAIMED = """
SELECT count(*) FROM (
    SELECT c.id FROM claim_item c JOIN claim h ON h.id = c.claim_id JOIN payment_item i ON i.claim_id = c.id
    GROUP BY c.id, c.amount, h.state HAVING count(i.id) <> 1 OR sum(i.amount) <> c.amount OR h.state <> 'Accepted'
) AS differing
"""
FED = """
SELECT count(*) FROM (
    SELECT package_id, week FROM (
        SELECT package_id, week, 1 AS rows_of, sum(paid_minutes) AS paid FROM visit
        WHERE status = 'Matched' AND is_deleted = ? AND package_id IS NOT NULL GROUP BY package_id, week
        UNION ALL
        SELECT package_id, week, -1, -paid_minutes FROM actual WHERE source = 'visits'
    ) AS both_sides
    WHERE NOT EXISTS (
        SELECT 1 FROM actual m
        WHERE m.package_id = both_sides.package_id AND m.week = both_sides.week AND m.source IN ('entered', 'imported')
    )
    GROUP BY package_id, week HAVING sum(rows_of) <> 0 OR sum(paid) <> 0
) AS differing
"""


def sums() -> Iterator[Finding]:
    """What was paid is the sum of the finalised items (rule 7.3); visits-fed actuals are what visits say (rule 5.10)."""
    (paid,) = database.sql(db, PAID).fetchone()
    if paid:
        yield Finding(
            f"For {paid} packages and weeks the payments noted differ from the finalised items.",
            "Do not finalise. Restore the last backup for which check finds nothing, and report it.",
        )
    (by_hand,) = database.sql(db, BY_HAND).fetchone()
    if by_hand:
        yield Finding(
            f"{by_hand} manual adjustments differ from the finalised items that settle them.",
            "Do not finalise. Restore the last backup for which check finds nothing, and report it.",
        )
    (claimed,) = database.sql(db, CLAIMED).fetchone()
    if claimed:
        yield Finding(
            f"{claimed} items of claims differ from the finalised items that pay them.",
            "Do not finalise. Restore the last backup for which check finds nothing, and report it.",
        )
    if StaleGroup.select().exists():
        return  # actuals are still on their way
    (fed,) = database.sql(db, FED, (False,)).fetchone()
    if fed:
        yield Finding(
            f"For {fed} packages and weeks the actuals differ from the matched visits.",
            "Save the packages concerned once more; their visits are then matched and fed anew.",
        )


def trail() -> Iterator[Finding]:
    """No entry of the audit trail was added, changed or taken away past the portal."""
    found = chain.examined()
    for wrong in found.wrong:
        yield Finding(
            f"{wrong}.", "Compare with the last backup for which check finds nothing, and find out who could."
        )


def found() -> Iterator[Finding]:
    """What can be looked for is what there is."""
    for kind in search.behind():
        yield Finding(f"Search does not know every {kind}.", "flask --app app init: it indexes what is missing.")


ORDERS = """
SELECT count(*) FROM (
    SELECT o.id FROM purchase_order o LEFT JOIN order_line l ON l.order_id = o.id AND l.version = 0
    GROUP BY o.id, o.value HAVING o.value <> COALESCE(sum(l.amount), 0)
) AS differing
"""


def order_sums() -> Iterator[Finding]:
    """A purchase order's value is the sum of its lines, its spend that of the finalised items (rule 6.1)."""
    (wrong,) = database.sql(db, ORDERS).fetchone()
    for contract in Contract.select():
        now = orders.spend(contract)
        kept = PurchaseOrder.select(PurchaseOrder.client, PurchaseOrder.year, PurchaseOrder.spend).where(
            PurchaseOrder.contract == contract
        )
        stored = {(client, year): amount for client, year, amount in kept.tuples()}
        wrong += sum(now.get(key, 0) != stored.get(key, 0) for key in {*now, *stored})
    if wrong:
        yield Finding(
            f"{wrong} purchase orders differ from their lines or from what was spent.",
            "Save a package of the clients concerned once more; report it where that does not help.",
        )


PARTS: dict[str, Callable[[], Iterator[Finding]]] = {
    "People": people,
    "Mail": outbox,
    "Payment cycles": cycles,
    "Jobs": jobs,
    "Sums": sums,
    "Audit trail": trail,
    "Search": found,
    "Purchase orders": order_sums,
}
