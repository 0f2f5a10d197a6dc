"""The authority's own words in mail, a text for each kind of message (Y-15)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, url_for

from blueprints import mail, records
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.settings import mail_words
from forms.notifications import WordsForm


def add(routes: Blueprint) -> None:
    """Give the authority's door the routes of mail's words."""
    routes.add_url_rule("/notifications/texts", "texts", requires(Can.SEE_MAIL)(texts), methods=["GET"])
    routes.add_url_rule(
        "/notifications/texts/<kind>/edit", "edit_text", requires(Can.EDIT_SETTINGS)(edit_text), methods=["GET", "POST"]
    )


def crumbs(*last) -> list:
    """The way to the words."""
    return [
        records.home(),
        ("Mail", url_for("authority.notifications.index")),
        ("Texts", url_for("authority.notifications.texts") if last else None),
        *last,
    ]


def texts():
    """Every kind of mail: its subject, the authority's own words, and whether it waits for the hours of mail."""
    return page(
        "notifications/texts.html",
        heading="Texts of mail",
        breadcrumbs=crumbs(),
        kinds=sorted(mail.KINDS.values(), key=lambda one: one.title),
        words=g.settings.mail_words,
        hours=(g.settings.mail_from_hour, g.settings.mail_until_hour),
        may=can(Can.EDIT_SETTINGS),
    )


def edit_text(kind: str):
    """The authority's own words in one kind of mail; saved unless somebody else was faster."""
    one = mail.KINDS.get(kind) or abort(404)
    form = WordsForm.opened({"words": g.settings.mail_words.get(kind, "")})
    back = url_for("authority.notifications.texts")
    if form.is_submitted() and form.validate() and not form.overtaken(None, {"words": mail_words.of(kind)}):
        changed = mail_words.change(records.actor(), kind, one.title, form.words.data or "")
        flash(f"The words of “{one.title}” are saved." if changed else "Nothing was changed.", "success")
        return go(back)
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Words of “{one.title}”",
        breadcrumbs=crumbs((one.title, None)),
        guidance=f"The mail has the subject “{one.subject}” and says what it must. Your own words follow that, before the closing words of all mail.",
        form=form,
        button="Save words",
        cancel=back,
    )
