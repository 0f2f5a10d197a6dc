"""The authority's list of names of roles on its pages (E-05, E-23)."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from peewee import fn

from blueprints import records
from blueprints.contacts import roles
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from forms.contacts import RoleNameForm
from models import Role, RoleName


def add(routes: Blueprint) -> None:
    """Give the authority's door these routes."""
    for path, view, act, methods in (
        ("/role-names", role_names, Can.SEE_RECORDS, ["GET"]),
        ("/role-names/new", add_role_name, Can.EDIT_SETTINGS, ["GET", "POST"]),
        ("/role-names/<int:name_id>/edit", edit_role_name, Can.EDIT_SETTINGS, ["GET", "POST"]),
    ):
        routes.add_url_rule(path, view.__name__, requires(act)(view), methods=methods)


def role_names():
    """The names of roles, what each is held for and whether it reaches (E-05, E-23)."""
    count = Role.select(fn.COUNT(Role.id)).where(Role.name == RoleName.id)
    rows = RoleName.select(RoleName, count.alias("holders")).order_by(RoleName.is_retired, RoleName.position)
    return page(
        "contacts/role_names.html",
        heading="Role names",
        breadcrumbs=[records.home(), ("Contacts", url_for("authority.contacts.index")), ("Role names", None)],
        actions=[("Add a role name", url_for("authority.contacts.add_role_name"), "button")]
        if can(Can.EDIT_SETTINGS)
        else [],
        rows=list(rows),
        may=can(Can.EDIT_SETTINGS),
        reaches=roles.reaches,
    )


def add_role_name():
    """One more name."""
    return role_name_page(None)


def edit_role_name(name_id: int):
    """Change or retire a name; who holds it keeps it."""
    return role_name_page(RoleName.get_or_none(RoleName.id == name_id) or abort(404))


def role_name_page(row: RoleName | None):
    """The form of a name."""
    fields = ("name", "scope", "reaches", "only_limited", "is_retired")
    now = {name: getattr(row, name) for name in fields} if row else {"reaches": True}
    form = RoleNameForm.opened(now)
    if form.is_submitted() and form.validate() and not (row and form.overtaken(RoleName, now)):
        try:
            saved = roles.save_name(row, form.facts(), records.actor())
        except roles.Refused as refusal:
            form.name.errors = [str(refusal)]
        else:
            records.saved(roles.called(saved))
            return go(url_for("authority.contacts.role_names"))
    back = url_for("authority.contacts.role_names")
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {roles.called(row)}" if row else "Add a role name",
        breadcrumbs=[records.home(), ("Role names", back), ("Change" if row else "Add", None)],
        form=form,
        button="Save role name",
        cancel=back,
    )
