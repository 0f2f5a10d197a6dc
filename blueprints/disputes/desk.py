"""What officers' pages of disputes share."""

from __future__ import annotations

from flask import Blueprint, abort, g, url_for
from peewee import JOIN

from blueprints import desk
from models import Client, Dispute, Organisation, Service

routes = Blueprint("disputes", __name__)


def found_dispute(dispute_id: int) -> Dispute:
    """The dispute with its provider, service and client, or 404."""
    query = Dispute.visible_to(g.reach).select(Dispute, Organisation, Service, Client).join(Organisation)
    query = query.switch(Dispute).join(Service, JOIN.LEFT_OUTER).switch(Dispute).join(Client, JOIN.LEFT_OUTER)
    return query.where(Dispute.id == dispute_id).get_or_none() or abort(404)


def crumbs(*more) -> list:
    """The way back."""
    made = [desk.home(), ("Disputes", url_for("authority.disputes.index")), *more]
    return [*made[:-1], (made[-1][0], None)]


def here(dispute: Dispute) -> str:
    """The dispute's page."""
    return url_for("authority.disputes.show", dispute_id=dispute.id)
