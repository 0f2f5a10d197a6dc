"""The second lock: which acts there are, which role may do them, and the check that every route passes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
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
    SIGNED_IN = "use what everybody who is signed in may use"


_OFFICER = {Can.SIGNED_IN, Can.SEE_RECORDS}

PROVIDER = "provider"
ADMINISTRATOR = "administrator"

# Officers' roles are those of rule 11.5; a provider's login has the one role until contacts' roles arrive.
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
    "requests": frozenset(_OFFICER),
    "quality": frozenset(_OFFICER),
    "read-only": frozenset(_OFFICER),
}
OFFICER_ROLES = [role for role in ROLES if role != PROVIDER]


def acts_of(user, roles: list[str]) -> frozenset[Can]:
    """What this user may do, by the roles held (rule 11.5)."""
    if not user.is_officer:
        return ROLES[PROVIDER] - (set() if user.organisation.enters_actuals else {Can.ENTER_ACTUALS})
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
