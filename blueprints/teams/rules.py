"""Teams: named, with members; one that is no longer used is retired and keeps what it had (Z-07)."""

from __future__ import annotations

from peewee import fn

from blueprints import facts, history
from blueprints.facts import Fault
from models import Team, TeamMember, User, db


def save_team(given: facts.Facts, by: history.Actor, existing: Team | None = None) -> facts.Saved:
    """Write a team and who is in it, in one transaction. Raises Faulty."""
    name = (given.get("name") or "").strip()
    members = sorted(set(given.get("members") or ()))
    if not name:
        raise facts.Faulty([Fault("name", "Enter the team's name")])
    same = Team.select().where((fn.LOWER(Team.name) == name.lower()) & (Team.id != (existing.id if existing else 0)))
    if same.exists():
        raise facts.Faulty([Fault("name", f"There is a team {facts.short(name)} already")])
    officers = User.select(User.id).where(User.id.in_(members) & User.organisation.is_null())
    if officers.count() != len(members):
        raise facts.Faulty([Fault("members", "Choose members from the list")])
    with db.atomic():
        row = Team.get_by_id(existing.id) if existing else Team()
        before = as_kept(row) if existing else {}
        row.name, row.purpose, row.email = name, given.get("purpose") or "", given.get("email") or ""
        row.is_retired = bool(given.get("is_retired"))
        row.save()
        TeamMember.delete().where((TeamMember.team == row) & TeamMember.user.not_in(members or [0])).execute()
        for ident in members:
            TeamMember.insert(team=row, user=ident).on_conflict_ignore().execute()
        history.record(by, "Changed" if existing else "Added", row, before, as_kept(row))
    return facts.Saved(row.id, facts.Touched())


def as_kept(row: Team) -> dict:
    """A team as its history shows it."""
    names = User.select(User.name).join(TeamMember).where(TeamMember.team == row).order_by(User.name).tuples()
    kept = {name: getattr(row, name) for name in ("name", "purpose", "email", "is_retired")}
    return {**kept, "members": ", ".join(name for (name,) in names)}


def members_of(row: Team) -> list[int]:
    """The ids of a team's members."""
    return [i for (i,) in TeamMember.select(TeamMember.user).where(TeamMember.team == row).tuples()]


def teams_of(user: User) -> list[int]:
    """The ids of the teams that an officer is in."""
    return [i for (i,) in TeamMember.select(TeamMember.team).where(TeamMember.user == user.id).tuples()]
