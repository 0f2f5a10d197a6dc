"""Who asked is told by mail what was decided; a leaver's requests go to a colleague (rules 9.2, 11.1)."""

from __future__ import annotations

from blueprints import mail
from blueprints.accounts import rules as accounts
from blueprints.history import COMMAND_LINE
from blueprints.requests import rules
from blueprints.settings import rules as settings
from models import ChangeRequest, Mail


def asked(cast) -> ChangeRequest:
    """A pending request of Greta's."""
    return ChangeRequest.create(
        kind="contact", organisation=cast.oakfield, user=cast.finance, by="Greta Finch", thing_name="Owen Marsh"
    )


def test_who_asked_is_told_of_a_rejection_without_names(app, cast):
    request = asked(cast)
    rules.reject(request.id, COMMAND_LINE, settings.read().rejection_reasons[0], "About Owen")
    row = Mail.get()
    text = mail.words_of(row)
    assert row.user_id == cast.finance.id and "has been rejected" in text.plain
    assert settings.read().rejection_reasons[0] in text.plain and "Owen" not in text.plain + text.html
    assert f"/provider/requests/{request.id}" in text.html


def test_a_leaver_s_pending_requests_are_handed_on(app, cast):
    request = asked(cast)
    assert accounts.open_work(cast.finance) == [(1, "change request that waits")]
    assert accounts.deactivate(cast.finance, COMMAND_LINE, cast.manager) == 1
    request = ChangeRequest.get_by_id(request.id)
    assert (request.user_id, request.by) == (cast.manager.id, "Greta Finch")
