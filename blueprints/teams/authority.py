"""Teams as officers see and keep them."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from peewee import JOIN, fn

from blueprints import facts, records
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.settings.screens import tabs
from blueprints.teams import rules
from forms.teams import TeamForm
from models import Team, TeamMember, User

routes = Blueprint("teams", __name__)


def crumbs(*rest) -> list:
    """The way to a page of teams."""
    return [
        records.home(),
        ("Settings", url_for("authority.settings.index")),
        ("Teams", url_for("authority.teams.index") if rest else None),
        *rest,
    ]


@routes.get("/settings/teams")
@requires(Can.SEE_RECORDS)
def index():
    """The teams with their members; retired ones last."""
    names = fn.COUNT(TeamMember.user).alias("members_count")
    query = Team.select(Team, names).join(TeamMember, JOIN.LEFT_OUTER).group_by(Team.id)
    people = TeamMember.select(TeamMember.team, User.name).join(User).where(User.is_active).order_by(User.name).tuples()
    members: dict[int, list[str]] = {}
    for team, name in people:
        members.setdefault(team, []).append(name)
    return page(
        "teams/list.html",
        heading="Settings",
        breadcrumbs=crumbs(),
        actions=[("Add a team", url_for("authority.teams.add"), "button")] if can(Can.EDIT_SETTINGS) else [],
        tabs_here=tabs("Teams"),
        found=records.listed(query, {"name": (Team.is_retired, Team.name)}, "name", Team.id),
        members=members,
        may=can(Can.EDIT_SETTINGS),
    )


@routes.route("/settings/teams/new", methods=["GET", "POST"])
@requires(Can.EDIT_SETTINGS)
def add():
    """A new team."""
    return edit_page(None)


@routes.route("/settings/teams/<int:team_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_SETTINGS)
def edit(team_id: int):
    """Change a team; retire it, or take it into use again."""
    return edit_page(Team.get_or_none(Team.id == team_id) or abort(404))


def edit_page(row: Team | None):
    """The form of a team, and below it who changed it."""
    form = TeamForm.opened({**facts.of(row), "members": rules.members_of(row) if row else []})
    wanted = User.organisation.is_null() & (User.is_active | User.id.in_(form.members.data or []))
    form.members.choices = list(User.select(User.id, User.name).where(wanted).order_by(User.name).tuples())
    if row is None:
        del form.is_retired
    if form.is_submitted() and records.keep(form, Team, row, rules.save_team):
        records.saved(form.name.data)
        return go(url_for("authority.teams.index"))
    name = row.name if row else "Add a team"
    return page(
        "teams/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else name,
        breadcrumbs=crumbs((name, None)),
        form=form,
        button="Save team",
        cancel=url_for("authority.teams.index"),
        entries=records.story(row, form) if row else None,
    )
