"""The `logins` file: logins by Email and OrganisationRef; what is new is invited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import JOIN

from blueprints import facts as records_facts
from blueprints import history, permissions, values
from blueprints.accounts import managing, rules
from blueprints.imports import records
from blueprints.imports import rules as imports
from blueprints.imports.columns import Column, Need
from blueprints.imports.rules import OutOfDate, Report
from models import Contact, Import, OfficerRole, Organisation, Person, User


def several_of(known: Iterable[str], what: str):
    """A reader of names with semicolons between them, each of a list."""
    by_fold = {name.casefold(): name for name in known}

    def read(text: str) -> list[str]:
        found = []
        for part in filter(None, (one.strip() for one in text.split(";"))):
            name = by_fold.get(part.casefold())
            if name is None:
                error = values.Expected(f"{what} of {', '.join(by_fold.values())}, with semicolons between them")
                error.near = values.near(part, by_fold.values()) or ""  # type: ignore[attr-defined]
                raise error
            found.append(name)
        return sorted(set(found))

    return read


def address(text: str) -> str:
    """An e-mail address, in lower case."""
    try:
        return rules.clean_email(text)
    except rules.Refused:
        raise values.Expected("an e-mail address such as name@example.com")


def user_name(text: str) -> str | None:
    """A user name, in lower case."""
    try:
        return rules.clean_username(text)
    except rules.Refused:
        raise values.Expected("3 to 60 letters, digits, full stops, hyphens or underscores")


GRANT_NAMES = [act.name.lower() for act in permissions.GRANTS]
COLUMNS = (
    Column("Email", "the address that the person signs in with", length=254, read=address, field="email"),
    Column("Name", "the person's forename and surname", note="read for new logins only", length=200, field="name"),
    Column(
        "OrganisationRef", "the provider's reference", Need.SOMETIMES, "empty for an officer", field="organisation",
        may_be_absent=True,
    ),
    Column("Username", "another name to sign in with", Need.OPTIONAL, length=60, read=user_name, field="username", may_be_absent=True),
    Column(
        "Roles", "an officer's roles", Need.OPTIONAL, "with semicolons between them",
        read=several_of(permissions.OFFICER_ROLES, "roles"), field="roles", may_be_absent=True,
    ),
    Column(
        "Permissions", "what a provider's person may do beyond the usual", Need.OPTIONAL, "with semicolons between them",
        read=several_of(GRANT_NAMES, "permissions"), field="permissions", may_be_absent=True,
    ),
    Column(
        "Active", "1, or 0 for a login that is ended", Need.OPTIONAL, read=values.boolean, field="is_active", may_be_absent=True
    ),
)  # fmt: skip


def STAMPS(batch: Import) -> list[str]:
    """What a check reads; logins have no counter: what is taken is looked at again."""
    return ["organisations"]


def stored() -> dict[tuple[str, int | None], dict[str, Any]]:
    """Every login by its person's address and its organisation: what of it the file can say."""
    held: dict[int, list[str]] = {}
    for ident, role in OfficerRole.select(OfficerRole.user, OfficerRole.role).tuples():
        held.setdefault(ident, []).append(role)
    query = (
        User.select(
            User.id, User.organisation, User.is_active, Person.email, Person.username, User.name, Contact.permissions
        )
        .join(Person)
        .switch(User)
        .join(Contact, JOIN.LEFT_OUTER)
        .tuples()
    )
    return {
        (email, organisation): {
            "id": ident,
            "email": email,
            "name": name,
            "username": username,
            "roles": sorted(held.get(ident, [])),
            "permissions": sorted(act.name.lower() for act in permissions.granted(given or "")),
            "is_active": bool(active),
        }
        for ident, organisation, active, email, username, name, given in query
    }


CHANGES = ("username", "roles", "permissions", "is_active")


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    organisations = records.Lookup.of("organisation", Organisation)
    sheet = records.Sheet(batch, report, COLUMNS, {"organisation": organisations})
    known = stored()
    people = {email for email, _ in known}
    seen: dict[tuple, int] = {}
    for row in sheet.rows():
        key = (row.values.get("email"), row.values.get("organisation"))
        before = known.get(key)
        if key[0] is not None and not row.wrong & {"email", "organisation"}:
            if key in seen:
                row.error(
                    "email",
                    f"{records_facts.short(key[0])} stands on line {seen[key]} already; expected each login once",
                )
            seen.setdefault(key, row.line)
        if key[1] is None and row.values.get("permissions"):
            row.error(
                "permissions", "An officer has roles, not permissions; expected no Permissions without OrganisationRef"
            )
        if key[1] is not None and row.values.get("roles"):
            row.error(
                "roles", "A provider’s person has permissions, not roles; expected no Roles with an OrganisationRef"
            )
        if before is None:
            if key[0] in people and not row.is_rejected:
                row.error(
                    "email",
                    "This address signs in for another organisation; expected another address, or invite the person on the "
                    "page of logins, where one sign-in for both can be chosen",
                )
            usual = {"username": None, "roles": [], "permissions": [], "is_active": True}
            given = {n: v for n, v in row.values.items() if v is not None}
            sheet.settle(row, "new", {"organisation": None, **usual, **given})
            continue
        given = {
            n: ([] if v is None and n in ("roles", "permissions") else v)
            for n, v in row.values.items()
            if n in CHANGES and not (n == "is_active" and v is None)
        }
        changed = {n: v for n, v in given.items() if v != before[n]}
        sheet.settle(row, "updated" if changed else "unchanged", {"id": before["id"], **changed} if changed else None)
    sheet.close()


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged; what is new gets an invitation. Raises OutOfDate where it no longer fits."""
    for action, staged in imports.staged(batch, "new", "updated"):
        staged.pop("cells", None)
        try:
            user = invite(staged, by) if action == "new" else User.get_by_id(staged["id"])
            if action == "updated" and "username" in staged:
                managing.rename(user, staged["username"], by)
            if action == "updated" and "roles" in staged and user.is_officer:
                managing.set_roles(user, staged["roles"], by)
            if "permissions" in staged and user.contact_id:
                managing.permit(user, staged["permissions"], by)
            if staged.get("is_active") is False:
                rules.deactivate(user, by)
            elif action == "updated" and staged.get("is_active"):
                rules.reactivate(user, by)
        except (rules.Refused, User.DoesNotExist):
            raise OutOfDate


def invite(staged: dict, by: history.Actor) -> User:
    """A new login of the file, invited by mail."""
    organisation = Organisation.get_by_id(staged["organisation"]) if staged["organisation"] else None
    return managing.invite(
        by, staged["email"], staged["name"], organisation, staged["roles"], username=staged["username"]
    )
