"""The second lock: which acts there are, which role may do them, and the check that every route passes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from enum import StrEnum

from flask import abort, current_app, g, request


class Can(StrEnum):
    """Every act. The words complete "may …" on the page that draws the roles."""

    SEE_OWN = "see the organisation's own records"
    SEND_VISITS = "send, correct and delete visits, and keep the list of carers"
    SEE_PAYMENTS = "see scheduled payments, remittances, the payment calendar and purchase orders"
    ENTER_ACTUALS = "enter and confirm the organisation's own actuals"
    SEND_CLAIMS = "make, submit and take back one-off claims"
    ANSWER_DISPUTES = "answer disputes and request their resolution"
    SEE_RECORDS = "see every provider's records, visits and payments"
    EDIT_RECORDS = "edit organisations, services, service levels, contracts and clients"
    EDIT_PACKAGES = "edit and authorise packages"
    EDIT_ACTUALS = "enter actuals for a provider, lock weeks, decide about increases and unplanned actuals"
    LOAD_FILES = "load the authority's files"
    EDIT_PERIODS = "set payment cycles, periods and cut-off dates"
    DECIDE_CLAIMS = "decide one-off claims, and set what contract types pay for hospital stays"
    RAISE_DISPUTES = "raise, resolve and reopen disputes"
    FINALISE = "calculate and finalise payment periods"
    EXPORT = "make and take the files for the finance and charging systems"
    ISSUE_ORDERS = "issue purchase orders"
    HOLD_AND_ADJUST = "hold and release payments, and adjust them by hand"
    EDIT_SETTINGS = "change settings and visit types"
    SEE_AUDIT = "search the audit trail"
    MANAGE_LOGINS = "manage the logins of providers' people and answer requests for them"
    MANAGE_OFFICERS = "manage officers' logins and roles"
    SEE_MAIL = "see the mail that went out, and send it again"
    ASK_CHANGES = "ask for changes of the organisation, its services and properties, and enter availability"
    DECIDE_REQUESTS = "accept and reject change requests"
    EDIT_CONTACTS = "edit contacts, their roles and permissions, and switch limited accessibility"
    MANAGE_CONTACTS = "see the organisation's contacts and ask for changes of contacts, roles and logins"
    SIGN_CONTRACTS = "sign contract documents"
    ADD_CLIENTS = "add clients"
    CHANGE_CLIENTS = "change clients without approval"
    VIEW_ASSESSMENTS = "view needs assessments"
    EDIT_ASSESSMENTS = "edit needs assessments"
    FINALISE_ASSESSMENTS = "finalise needs assessments"
    DECIDE_REFERRALS = "decide on referrals"
    MANAGE_REFERRALS = "manage referrals"
    UPLOAD_FOR_OTHERS = "upload files for other organisations"
    SIGNED_IN = "use what everybody who is signed in may use"


_OFFICER = {Can.SIGNED_IN, Can.SEE_RECORDS}

PROVIDER = "provider"
ADMINISTRATOR = "administrator"

# What the authority gives to a contact, person by person (rule 11.1, B-26).
GRANTS = (
    Can.MANAGE_CONTACTS,
    Can.SIGN_CONTRACTS,
    Can.ADD_CLIENTS,
    Can.CHANGE_CLIENTS,
    Can.VIEW_ASSESSMENTS,
    Can.EDIT_ASSESSMENTS,
    Can.FINALISE_ASSESSMENTS,
    Can.DECIDE_REFERRALS,
    Can.MANAGE_REFERRALS,
    Can.UPLOAD_FOR_OTHERS,
)

# Officers' roles are those of rule 11.5; every provider's login has the one role, and what was given to its contact.
ROLES: dict[str, frozenset[Can]] = {
    PROVIDER: frozenset(
        {
            Can.SIGNED_IN,
            Can.SEE_OWN,
            Can.SEND_VISITS,
            Can.ENTER_ACTUALS,
            Can.SEND_CLAIMS,
            Can.ANSWER_DISPUTES,
            Can.SEE_PAYMENTS,
            Can.ASK_CHANGES,
        }
    ),
    ADMINISTRATOR: frozenset(
        _OFFICER
        | {
            Can.EDIT_RECORDS,
            Can.EDIT_PACKAGES,
            Can.EDIT_ACTUALS,
            Can.LOAD_FILES,
            Can.EDIT_PERIODS,
            Can.DECIDE_CLAIMS,
            Can.RAISE_DISPUTES,
            Can.FINALISE,
            Can.EXPORT,
            Can.ISSUE_ORDERS,
            Can.HOLD_AND_ADJUST,
            Can.EDIT_SETTINGS,
            Can.SEE_AUDIT,
            Can.MANAGE_LOGINS,
            Can.MANAGE_OFFICERS,
            Can.SEE_MAIL,
            Can.DECIDE_REQUESTS,
            Can.EDIT_CONTACTS,
        }
    ),
    "packages": frozenset(
        _OFFICER
        | {
            Can.EDIT_RECORDS,
            Can.EDIT_PACKAGES,
            Can.EDIT_ACTUALS,
            Can.RAISE_DISPUTES,
            Can.LOAD_FILES,
            Can.ISSUE_ORDERS,
        }
    ),
    "payments": frozenset(
        _OFFICER
        | {
            Can.EDIT_ACTUALS,
            Can.EDIT_PERIODS,
            Can.DECIDE_CLAIMS,
            Can.RAISE_DISPUTES,
            Can.FINALISE,
            Can.HOLD_AND_ADJUST,
            Can.EXPORT,
            Can.ISSUE_ORDERS,
        }
    ),
    "requests": frozenset(_OFFICER | {Can.DECIDE_REQUESTS, Can.EDIT_CONTACTS, Can.MANAGE_LOGINS, Can.SEE_MAIL}),
    "quality": frozenset(_OFFICER),
    "read-only": frozenset(_OFFICER),
}
OFFICER_ROLES = [role for role in ROLES if role != PROVIDER]


def granted(text: str) -> list[Can]:
    """What was given to a contact, from the names that it keeps, one a line."""
    names = set(text.split())
    return [act for act in GRANTS if act.name.lower() in names]


def as_names(acts: Iterable[Can | str]) -> str:
    """What was given to a contact, as it keeps it."""
    wanted = {Can(act) for act in acts}
    return "\n".join(act.name.lower() for act in GRANTS if act in wanted)


def acts_of(user, roles: list[str]) -> frozenset[Can]:
    """What this user may do: an officer by the roles held (rule 11.5), a provider's person also by what was given."""
    if not user.is_officer:
        given = granted(user.contact.permissions) if user.contact_id else []
        return ROLES[PROVIDER].union(given) - (set() if user.organisation.enters_actuals else {Can.ENTER_ACTUALS})
    return frozenset().union(_OFFICER, *(ROLES.get(role, frozenset()) for role in roles))


def requires(act: Can) -> Callable:
    """Declare the act that a route is."""

    def declare(view):
        if inspect.ismethod(view):  # a method cannot carry the mark
            view = functools.wraps(view)(functools.partial(view))
        view.act = act
        return view

    return declare


def public(view):
    """Declare that a route needs nobody signed in."""
    view.act = None
    return view


UNDECLARED = object()


def act_of(endpoint: str):
    """The declared act of an endpoint, None where public, UNDECLARED where the route says nothing."""
    return getattr(current_app.view_functions[endpoint], "act", UNDECLARED)


def can(act: Can | str) -> bool:
    """May the present person do this? Templates ask the same."""
    return Can(act) in g.get("acts", frozenset())


def who_grants(act: Can) -> str:
    """Who can give the permission that is missing, for the 403 page."""
    roles = [role for role in OFFICER_ROLES if act in ROLES[role]]
    if act in GRANTS:
        return f"It needs the permission to {act.value}. The authority can give it to you."
    if act == Can.ENTER_ACTUALS:
        return "The authority enters your organisation's actuals. Ask it, should that change."
    if act in ROLES[PROVIDER]:
        return "This is for providers' staff."
    return f"It needs the role {' or '.join(roles)}. An administrator of the authority can give it to you."


def check() -> None:
    """The second lock: 403 where the route's act is not permitted, or where it declares none."""
    if request.endpoint in (None, "static"):
        return
    act = act_of(request.endpoint)
    if act is None:
        return
    if act is UNDECLARED or act not in g.get("acts", frozenset()):
        g.missing_act = None if act is UNDECLARED else act
        abort(403)
