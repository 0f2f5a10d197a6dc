"""Which imports wait: checked ones for a decision, failed ones for somebody to look."""

from __future__ import annotations

import datetime as dt

from flask import g, url_for
from peewee import fn

from blueprints import waiting, weeks
from blueprints.home import to_do
from blueprints.permissions import Can
from models import Import, ImportState


@waiting.for_officers(Can.SEE_RECORDS)
def checked_and_failed(_today):
    """Imports that were checked and wait for a decision, and those that failed in the last fortnight."""
    recent = weeks.utc_now() - dt.timedelta(14)
    wanted = (Import.state == ImportState.CHECKED) | (
        (Import.state == ImportState.FAILED) & (Import.started_at > recent)
    )
    query = Import.select(Import.state, fn.COUNT(Import.id), fn.MIN(Import.started_at)).where(wanted)
    found = {state: (count, oldest) for state, count, oldest in query.group_by(Import.state).tuples()}
    for state, words in (
        (ImportState.CHECKED, "checked import waits for Update System|checked imports wait for Update System"),
        (ImportState.FAILED, "import failed|imports failed"),
    ):
        count, oldest = found.get(state, (0, None))
        since = dt.date.fromisoformat(str(oldest)[:10]) if oldest else None
        yield waiting.Waits(count, words, since, url_for("authority.imports.index", state=str(state)))


@waiting.for_providers(Can.SEE_OWN)
def checked(_today):
    """The provider's own files that wait for Update System, each by its name."""
    for ident, kind, name, at, whose in to_do.checked_imports(g.reach):
        mine = "" if whose == g.user.name else f", by {whose}"
        words = f"{kind.capitalize()} file {name} is checked and waits for Update System{mine}".replace("|", "/")
        href = url_for("provider.imports.show", import_id=ident)
        yield waiting.Waits(1, words, weeks.london(at).date(), href, named=True)
