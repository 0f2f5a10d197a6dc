"""Mail as officers see it: what went out, what waits, what failed and why; reading it, and sending it again (Y-15)."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, flash, g, url_for
from peewee import JOIN

from blueprints import mail, records, weeks
from blueprints.notifications import texts
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from forms.base import PortalForm
from forms.notifications import MailFilter
from models import Mail, MailState, Organisation, Person, User, db

routes = Blueprint("notifications", __name__)
texts.add(routes)
AGAIN = (MailState.FAILED, MailState.KEPT, MailState.DROPPED)


def all_mail():
    """Every message with its person and organisation."""
    return (
        Mail.select(Mail, User, Person, Organisation)
        .join(User, JOIN.LEFT_OUTER)
        .join(Person, JOIN.LEFT_OUTER)
        .switch(Mail)
        .join(Organisation, JOIN.LEFT_OUTER, on=(Mail.organisation == Organisation.id))
    )


@routes.get("/notifications")
@requires(Can.SEE_MAIL)
def index():
    """Messages, newest first."""
    form = MailFilter()
    form.kind.choices = [("", "All"), *sorted(((k.name, k.title) for k in mail.KINDS.values()), key=lambda p: p[1])]
    fine = form.validate()
    query = all_mail()
    if form.kind.data:
        query = query.where(Mail.kind == form.kind.data)
    if form.state.data:
        query = query.where(Mail.state == form.state.data)
    if form.q.data:
        query = query.where(
            User.name.contains(form.q.data) | Person.email.contains(form.q.data) | Mail.address.contains(form.q.data)
        )
    if fine and form.first.data:
        query = query.where(Mail.at >= weeks.instant(form.first.data, 0).replace(tzinfo=None))
    if fine and form.last.data:
        query = query.where(Mail.at < weeks.instant(form.last.data + dt.timedelta(1), 0).replace(tzinfo=None))
    if not fine:
        query = query.where(Mail.id < 0)
    orders = {"at": (Mail.at, Mail.id), "kind": (Mail.kind,), "state": (Mail.state,)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "-at", Mail.id)
        return records.csv_file(
            "mail",
            ["Written", "About", "Name", "Address", "Organisation", "State", "Sent", "Tries", "Problem"],
            (
                [
                    f"{m.at:%Y-%m-%d %H:%M}",
                    titled(m),
                    m.user.name if m.user_id else "",
                    sent_to(m),
                    m.organisation.name if m.organisation_id else "",
                    m.state,
                    f"{m.sent_at:%Y-%m-%d %H:%M}" if m.sent_at else "",
                    m.tries,
                    m.error,
                ]
                for m in rows
            ),
        )
    return page(
        "notifications/list.html",
        422 if not fine else 200,
        heading="Mail",
        breadcrumbs=[records.home(), ("Mail", None)],
        form=form,
        filter=form,
        found=records.listed(query, orders, "-at", Mail.id),
        titled=titled,
        sent_to=sent_to,
        kept=mail.is_kept(),
        press=PortalForm(),
    )


def titled(row: Mail) -> str:
    """What a message is about, in words."""
    found = mail.KINDS.get(row.kind)
    return found.title if found else row.kind


def sent_to(row: Mail) -> str:
    """Where it went, or goes."""
    return row.address or (row.user.email if row.user_id else "")


def found_mail(mail_id: int) -> Mail:
    """The message, or 404."""
    return all_mail().where(Mail.id == mail_id).get_or_none() or abort(404)


@routes.get("/notifications/<int:mail_id>")
@requires(Can.SEE_MAIL)
def show(mail_id: int):
    """A message and what became of it. Its links and codes are shown only while no mail server is set up."""
    row = found_mail(mail_id)
    return page(
        "notifications/show.html",
        heading=titled(row),
        breadcrumbs=[records.home(), ("Mail", url_for("authority.notifications.index")), (titled(row), None)],
        row=row,
        address=sent_to(row),
        text=mail.words_of(row, reveal=may_reveal(row)),
        revealed=may_reveal(row),
        may_again=row.state in AGAIN and not mail.is_kept(),
        press=PortalForm(),
    )


def may_reveal(row: Mail) -> bool:
    """The officer passes it on: nobody else can, and the login is one that the officer manages."""
    if row.state != MailState.KEPT or not mail.is_kept():
        return False
    return can(Can.MANAGE_OFFICERS) or (can(Can.MANAGE_LOGINS) and not (row.user_id and row.user.is_officer))


@routes.post("/notifications/<int:mail_id>/repetition")
@requires(Can.SEE_MAIL)
def again(mail_id: int):
    """Send a message once more."""
    row = found_mail(mail_id)
    if PortalForm().validate_on_submit():
        try:
            mail.send_again(row, records.actor())
        except mail.CannotSend as refusal:
            flash(f"{refusal}.", "warning")
        else:
            flash("The message is on its way again.", "success")
    return go(url_for("authority.notifications.show", mail_id=row.id))


@routes.post("/notifications/trials")
@requires(Can.SEE_MAIL)
def trial():
    """Send oneself a trial message."""
    if PortalForm().validate_on_submit():
        with db.atomic():
            mail.send("test", g.user)
        flash(
            "No mail server is set up: the trial message is kept here." if mail.is_kept() else
            f"A trial message goes to {g.user.email}. It is listed here, with what the mail server says.",
            "success",
        )  # fmt: skip
    return go(url_for("authority.notifications.index"))
