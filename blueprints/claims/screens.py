"""The pages on which a provider makes an item of a claim, and what all pages of claims share."""

from __future__ import annotations

from flask import flash, g, request, url_for

from blueprints import weeks
from blueprints.claims import items as claim_items
from blueprints.claims import rules, schemes, sums
from blueprints.facts import Faulty
from blueprints.history import Actor
from blueprints.pages import go, page
from blueprints.values import show_date
from forms.claims import AboutForm, ItemForm, StayForm, VersionForm
from models import Claim, ClaimItem

TITLE = "One-Off Claims"


def actor() -> Actor:
    """Who acts."""
    return Actor(g.user.id, g.user.name)


def crumbs(*more) -> list:
    """The way back."""
    made = [("Home", url_for("provider.home.index")), (TITLE, url_for("provider.claims.index")), *more]
    return [*made[:-1], (made[-1][0], None)]


def name_of(claim: Claim) -> str:
    """`Claim of 14/10/2026`, as breadcrumbs and messages name it."""
    return f"Claim of {show_date(claim.claimed_on)}"


def here(claim: Claim) -> str:
    """The claim's page."""
    return url_for("provider.claims.show", claim_id=claim.id)


def version_of(form) -> int | None:
    """The version that the page showed."""
    text = str(form.version.data or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def uploads(field) -> list[rules.Upload]:
    """The files that were sent in a field."""
    return [rules.Upload(one.stream, one.filename) for one in field.data or () if getattr(one, "filename", "")]


# an item ---------------------------------------------------------------------------------------------------------------


def about_page(claim: Claim):
    """Whom and what an item is for."""
    levels, clients = claim_items.levels(), claim_items.clients(claim.service_id)
    form = AboutForm(
        [(str(x.id), x.name) for x in levels], [(str(c.id), f"{c.ssref}, {c.name}") for c in clients], formdata=None
    )
    for field in (form.level, form.client):
        if wanted := request.args.get(field.name):
            known = {value for value, _ in field.choices}
            field.data = wanted if wanted in known else ""
            if wanted not in known:
                field.errors = [f"Choose the {field.label.text.lower()} from the list"]
        elif "client" in request.args:
            field.errors = [f"Choose the {field.label.text.lower()}"]
    chosen = claim_items.contracts(claim.service_id, int(form.client.data)) if form.client.data else []
    return page(
        "claims/about.html",
        422 if form.client.errors or form.level.errors else 200,
        claim=claim,
        form=form,
        levels=levels,
        clients=clients,
        contracts=chosen if len(chosen) > 1 else [],
        cancel=here(claim),
        breadcrumbs=crumbs((name_of(claim), here(claim)), ("Add New Client Item", None)),
    )


def asked(claim: Claim) -> claim_items.About | None:
    """Whom and what the address says the item is for; None where it does not say it all."""
    values = {name: request.args.get(name, "") for name in ("level", "client", "contract")}
    if not (values["level"].isdigit() and values["client"].isdigit()):
        return None
    level = next((x for x in claim_items.levels() if str(x.id) == values["level"]), None)
    client = next((c for c in claim_items.clients(claim.service_id) if str(c.id) == values["client"]), None)
    if level is None or client is None:
        return None
    contracts = claim_items.contracts(claim.service_id, client.id)
    contract = next((c for c in contracts if str(c.id) == values["contract"]), None)
    if contract is None and len(contracts) == 1:
        contract = contracts[0]
    return claim_items.about(claim, level, client, contract, g.settings) if contract else None


def item_page(claim: Claim, item: ClaimItem | None, what: claim_items.About):
    """The form of an item: its figures beside the working; `Work out again` shows other days without saving."""
    kind = StayForm if what.in_hospital else ItemForm
    form = kind(data=begun(item, what) | {"version": claim.version})
    if g.settings.claim_quantity_one:
        form.quantity.data, form.quantity.raw_data = 100, None
        form.quantity.validators = []
    working = working_of(form, what)
    again = form.is_submitted() and "again" in request.form
    if again and working:
        fill(form, working)
    status = 200
    if form.is_submitted() and not again:
        status = 422
        if form.validate() and save(claim, item, what, form):
            flash("The item is added." if item is None else "The item is changed.", "success")
            return go(here(claim))
    words = "Add New Client Item" if item is None else f"Change the item of {what.client.name}"
    return page(
        "claims/item_form.html",
        status,
        form=form,
        claim=claim,
        item=item,
        what=what,
        words=words,
        no_scheme=claim_items.no_scheme(what),
        scheme_words=schemes.in_words(what.scheme),
        working=working,
        stays=what.stays if what.in_hospital else [],
        found_stay=stay_of(form, what),
        files=claim_items.files_of([item.id])[item.id] if item else [],
        visit_prefix=url_for("provider.visits.show", visit_id=0)[:-1],
        one=g.settings.claim_quantity_one,
        cancel=here(claim),
        press=VersionForm(None, version=claim.version),
        breadcrumbs=crumbs((name_of(claim), here(claim)), (words, None)),
    )


def begun(item: ClaimItem | None, what: claim_items.About) -> dict:
    """What an item's form begins with: the item, else the latest stay (or that of the address) as it is worked out."""
    if item is not None:
        names = ("description", "quantity", "unit_cost", "stay_first", "stay_last", "dates_reason", "amount_reason")
        return {name: getattr(item, name) for name in names}
    made: dict = {"quantity": 100}
    if not what.in_hospital or not what.stays:
        return made
    wanted = request.args.get("first", "")
    stay = next((s for s in what.stays if s.first.isoformat() == wanted), what.stays[-1])
    made |= {"stay_first": stay.first, "stay_last": stay.last}
    if working := what.working(stay.first, stay.last):
        made["description"] = sums.described(working)
        if working.amount:
            made["unit_cost"] = working.amount * 100
    return made


def fill(form, working) -> None:
    """Put what was worked out for other days into the form."""
    form.description.data = sums.described(working)
    form.description.raw_data = None
    form.unit_cost.data = working.amount * 100 or None
    form.unit_cost.raw_data = None
    form.unit_cost.errors = []


def days_in(form) -> tuple | None:
    """The stay's days in the form, where both are there and in order."""
    first = form.stay_first.data if "stay_first" in form else None
    last = form.stay_last.data if "stay_last" in form else None
    return (first, last) if first and last and first <= last and (last - first).days < 3660 else None


def working_of(form, what: claim_items.About):
    """The working of the days in the form."""
    found = days_in(form)
    return what.working(*found) if found else None


def stay_of(form, what: claim_items.About):
    """The stay of the visits that the days in the form overlap."""
    found = days_in(form)
    return next((s for s in what.stays if s.first <= found[1] and s.last >= found[0]), None) if found else None


GIVEN = ("description", "quantity", "unit_cost", "stay_first", "stay_last", "dates_reason", "amount_reason")


def save(claim: Claim, item: ClaimItem | None, what: claim_items.About, form) -> bool:
    """Check and keep an item from its form; False where the form is to be shown again, with why."""
    given = {name: form[name].data for name in GIVEN if name in form}
    for name in ("description", "dates_reason", "amount_reason"):
        given[name] = (given.get(name) or "").strip()
    made = claim_items.facts(what, given)
    faults = claim_items.check(what, made, g.settings, weeks.today())
    try:
        if faults:
            raise Faulty(faults)
        rules.save_item(claim, item, made, uploads(form.files), version_of(form), actor())
    except Faulty as refused:
        for fault in refused.faults:
            if fault.field in form:
                form[fault.field].errors = [fault.message]
            else:
                form.form_errors.append(fault.message)
        return False
    except rules.Refused as refusal:
        form.form_errors.append(str(refusal))
        form.version.data = Claim.select(Claim.version).where(Claim.id == claim.id).scalar()
        return False
    return True
