"""Officers' half of one-off claims: the queue, a claim with its working, visits and evidence, and the decision (P-16, P-17)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, url_for
from peewee import fn

from blueprints import desk, history, records, weeks
from blueprints.attachments.screens import handed_out
from blueprints.claims import items as claim_items
from blueprints.claims import listing, rules, schemes, shown
from blueprints.claims.screens import version_of
from blueprints.facts import Faulty
from blueprints.packages import rules as packages
from blueprints.packages.plan import rate_on, weekly_quantity
from blueprints.pages import go, page
from blueprints.payments import rules as payments
from blueprints.permissions import Can, can, requires
from blueprints.values import show_date, show_money
from forms.claims import DecidedForm, DecisionForm, QuestionForm, QueueFilter, ReopeningForm, SchemeForm, VersionForm
from models import (
    Claim,
    ClaimFile,
    ClaimItem,
    ClaimRule,
    ClaimState,
    Client,
    Contract,
    File,
    Organisation,
    Package,
    Service,
    ServiceLevel,
)

routes = Blueprint("claims", __name__)


def found_claim(claim_id: int) -> Claim:
    """The submitted claim with its service and provider; 404 where there is none, or it is still a draft (P-13)."""
    query = Claim.visible_to(g.reach).select(Claim, Service, Organisation)
    query = query.join(Service).switch(Claim).join(Organisation)
    return query.where(Claim.id == claim_id).get_or_none() or abort(404)


def crumbs(*more) -> list:
    """The way back."""
    made = [desk.home(), ("One-off claims", url_for("authority.claims.index")), *more]
    return [*made[:-1], (made[-1][0], None)]


def name_of(claim: Claim) -> str:
    """`Claim of 14/10/2026`."""
    return f"Claim of {show_date(claim.claimed_on)}"


def here(claim: Claim) -> str:
    """The claim's page."""
    return url_for("authority.claims.show", claim_id=claim.id)


# the queue -------------------------------------------------------------------------------------------------------------


@routes.get("/claims")
@requires(Can.SEE_RECORDS)
def index():
    """The claims that wait, oldest first; by the filter all that were ever submitted."""
    within = Claim.visible_to(g.reach).select(Claim.id)
    today = weeks.today()
    form = QueueFilter()
    providers = Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
    form.organisation.choices = [("", "All"), *((str(i), n) for i, n in providers.tuples())]
    kinds = [kind for (kind,) in Contract.select(Contract.contract_type).distinct().tuples() if kind]
    form.kind.choices = [("", "All"), *((kind, kind) for kind in sorted(kinds, key=str.casefold))]
    span = listing.years(Claim.id.in_(within))
    years = sorted({weeks.financial_year(d) for d in (*span, today)}, reverse=True)
    form.year.choices = [("", "All"), *((one, one) for one in years)]
    if "status" not in request.args:
        form.status.data = str(ClaimState.PENDING)
    form.validate()
    condition = fitting(form) & Claim.id.in_(within)
    if desk.wants_csv():
        return desk.csv_file("claims", listing.HEADINGS, listing.file_rows(condition))
    count = Claim.select().where(condition).count()
    pager = desk.pages_of(count)
    sort = request.args.get("sort", "submitted")
    return page(
        "claims/queue.html",
        filter=form,
        rows=listing.rows(condition, sort, "submitted", desk.PER_PAGE, pager.start) if count else [],
        count=count,
        pager=pager,
        sort=sort,
        today=today,
        may=can(Can.DECIDE_CLAIMS),
        show_prefix=url_for("authority.claims.index") + "/",
        rules_href=url_for("authority.claims.schemes_page"),
        breadcrumbs=[desk.home(), ("One-off claims", None)],
    )


def fitting(form: QueueFilter):
    """The condition of the filter."""
    condition = Claim.state != ClaimState.UNSUBMITTED
    if form.status.data in set(ClaimState):
        condition &= Claim.state == form.status.data
    if form.waits.data:
        condition &= (Claim.state == ClaimState.PENDING) & Claim.asked_at.is_null(form.waits.data == "authority")
    if form.organisation.data and form.organisation.data.isdigit():
        condition &= Claim.organisation == int(form.organisation.data)
    if form.year.data:
        try:
            condition &= Claim.claimed_on.between(*weeks.financial_year_dates(form.year.data))
        except ValueError:
            form.year.data = ""
    if form.kind.data:
        own = ClaimItem.select(ClaimItem.claim).join(Contract).where(Contract.contract_type == form.kind.data)
        condition &= Claim.id.in_(own)
    if text := (form.client.data or "").strip():
        name = fn.LOWER(Client.surname.concat(", ").concat(Client.forename))
        wanted = name.contains(text.lower()) | (fn.LOWER(Client.ssref) == text.lower())
        condition &= Claim.id.in_(ClaimItem.select(ClaimItem.claim).join(Client).where(wanted))
    return condition


def next_waiting(after: Claim) -> Claim | None:
    """The oldest claim that waits for the authority, another one than this."""
    waits = (Claim.state == ClaimState.PENDING) & Claim.asked_at.is_null() & (Claim.id != after.id)
    return Claim.visible_to(g.reach).where(waits).order_by(Claim.submitted_at, Claim.id).first()


# one claim -------------------------------------------------------------------------------------------------------------


@routes.get("/claims/<int:claim_id>")
@requires(Can.SEE_RECORDS)
def show(claim_id: int):
    """The claim, its working, visits and evidence on one page, with the decision beside them (P-17)."""
    claim = found_claim(claim_id)
    history.looked(g.user.id, claim)
    return claim_page(claim, *forms_of(claim))


@routes.get("/claims/items/<int:item_id>")
@requires(Can.SEE_RECORDS)
def item(item_id: int):
    """An item stands on its claim's page."""
    within = Claim.visible_to(g.reach).select(Claim.id)
    found = ClaimItem.get_or_none((ClaimItem.id == item_id) & ClaimItem.claim.in_(within)) or abort(404)
    return go(url_for("authority.claims.show", claim_id=found.claim_id) + f"#item-{item_id}")


def forms_of(claim: Claim, sent: bool = False) -> tuple[DecisionForm, dict[int, DecidedForm]]:
    """The decision's form and one for each item: as they are kept, or as they were sent."""
    kept = None if not sent else request.form
    form = DecisionForm(kept, data={"notes": claim.authority_notes, "version": claim.version})
    made = {}
    for item in claim_items.list_of(claim):
        data = {
            "included": item.included,
            "quantity": item.quantity if item.decided_quantity is None else item.decided_quantity,
            "unit_cost": item.unit_cost if item.decided_unit_cost is None else item.decided_unit_cost,
            "notes": item.authority_notes,
        }
        made[item.id] = DecidedForm(kept, prefix=f"item-{item.id}-", data=data)
    return form, made


def claim_page(claim: Claim, form: DecisionForm, forms: dict[int, DecidedForm], refusal: str = "", status: int = 200):
    """The claim's page."""
    found = shown.items(claim, payments.states)
    listed = [one.item for one in found]
    for one in forms.values():
        form.form_errors += [str(message) for field in one for message in field.errors]
    paid = rules.paid_items(claim) if claim.decided_at else set()
    return page(
        "claims/decision.html",
        status,
        claim=claim,
        items=[(one, beside(claim, one)) for one in found],
        form=form,
        forms=forms,
        totals=shown.totals(found),
        refusal=refusal,
        warnings=claim_items.warnings(claim, listed, g.settings, weeks.today(), g.reach),
        posts=shown.posts(claim),
        story=shown.story(claim),
        age=(weeks.today() - weeks.london(claim.submitted_at).date()).days if claim.submitted_at else 0,
        may=can(Can.DECIDE_CLAIMS),
        may_reopen=can(Can.DECIDE_CLAIMS) and not claim.is_pending and not paid,
        press=VersionForm(None, version=claim.version),
        visit_prefix=url_for("authority.visits.show", visit_id=0)[:-1],
        file_prefix=url_for("authority.claims.index") + "/files/",
        organisation_href=desk.where("authority.organisations.show", organisation_id=claim.organisation_id),
        breadcrumbs=crumbs((f"{name_of(claim)}, {claim.organisation.name}", None)),
    )


def beside(claim: Claim, one: shown.Shown) -> dict:
    """What an officer checks an item by: the contract's rule, the working as visits say now, the visits around the stay,
    and the client's packages under the contract (P-17)."""
    item = one.item
    what = claim_items.about(claim, item.level, item.client, item.contract, g.settings)
    first, last = packages.day(item.stay_first), packages.day(item.stay_last)
    now = what.working(first, last) if what.in_hospital and first else None
    near = []
    if first:
        ordered = sorted(what.calls, key=lambda c: (c.day, c.entry, c.ref))
        within = [n for n, call in enumerate(ordered) if first <= call.day <= last]
        before = sum(call.day < first for call in ordered)
        ends = (within[0], within[-1] + 1) if within else (before, before)
        near = ordered[max(0, ends[0] - 2) : ends[1] + 2]
    own = (
        (Package.contract == item.contract_id)
        & (Package.client == item.client_id)
        & (Package.service == claim.service_id)
    )
    lines = packages.lines(own)
    on = first or packages.day(claim.claimed_on)
    levels = dict(ServiceLevel.select(ServiceLevel.id, ServiceLevel.name).tuples()) if lines else {}
    return {
        "rule": schemes.in_words(what.scheme) if what.in_hospital else "",
        "pays_nothing": claim_items.no_scheme(what),
        "now": now,
        "moved": claim_items.moved(item, now),
        "near": near[:100],
        "packages": [
            (ident, line.plan.id, levels[line.level], weekly_quantity(line.plan), rate_on(line.plan, on), line.plan)
            for ident, line in sorted(lines.items(), key=lambda pair: pair[1].plan.id)
        ],
        "package_prefix": (desk.where("authority.packages.show", package_id=0) or "")[:-1],
        "client_href": desk.where("authority.clients.show", client_id=item.client_id),
    }


@routes.post("/claims/<int:claim_id>/decision")
@requires(Can.DECIDE_CLAIMS)
def decide(claim_id: int):
    """Accept or reject a claim, or keep what was changed for later (P-16)."""
    claim = found_claim(claim_id)
    form, forms = forms_of(claim, sent=True)
    wanted = request.form.get("decision", "save")
    fine = form.validate()
    fine = all([one.validate() for one in forms.values()]) and fine
    if not fine:
        return claim_page(claim, form, forms, status=422)
    decided = {
        ident: rules.Decided(
            one.included.data, one.quantity.data, one.unit_cost.data, (one.notes.data or "").strip()
        )
        for ident, one in forms.items()
    }  # fmt: skip
    notes, version = (form.notes.data or "").strip(), version_of(form)
    for one in forms.values():
        for field in (one.quantity, one.unit_cost):
            if field.data is not None and (field.data < 0 or field.data > claim_items.MOST):
                field.errors = [f"{field.label.text} must be from 0 to 1,000,000"]
                fine = False
    if not fine:
        return claim_page(claim, form, forms, status=422)
    try:
        if wanted not in ("accept", "reject"):
            rules.save_decided(claim, decided, notes, version, desk.actor())
            flash("What you changed is kept. Nothing is decided yet.", "success")
            return go(here(claim))
        done = rules.decide(claim, wanted == "accept", decided, notes, version, desk.actor())
    except Faulty as refused:
        for fault in refused.faults:
            if fault.field == "notes":
                form.notes.errors = [fault.message]
            else:
                form.form_errors.append(fault.message)
        return claim_page(claim, form, forms, status=422)
    except rules.Refused as refusal:
        return refused_page(claim_id, form, forms, str(refusal))
    total = sum(item.amount for item in done.items)
    said = f"accepted: {show_money(total)}" if wanted == "accept" else "rejected"
    flash(f"The claim of {claim.organisation.name} of {show_date(claim.claimed_on)} is {said}.", "success")
    following = next_waiting(claim)
    return go(here(following) if following else url_for("authority.claims.index"))


def refused_page(claim_id: int, form, forms, refusal: str):
    """The claim as it is now, with what was typed where it still can be decided."""
    claim = Claim.visible_to(g.reach).where(Claim.id == claim_id).get_or_none()
    if claim is None:
        flash(refusal, "notice")
        return go(url_for("authority.claims.index"))
    claim = found_claim(claim_id)
    form.version.data = claim.version
    if set(forms) != {item.id for item in claim.items}:
        form, forms = forms_of(claim)
    return claim_page(claim, form, forms, refusal, 409)


@routes.route("/claims/<int:claim_id>/question", methods=["GET", "POST"])
@requires(Can.DECIDE_CLAIMS)
def question(claim_id: int):
    """Ask the provider for more evidence; the claim stays pending (P-26)."""
    claim = found_claim(claim_id)
    form = QuestionForm(data={"version": claim.version})
    if not claim.is_pending:
        flash(f"This claim is {claim.state.lower()}: evidence is asked for while it is pending.", "notice")
        return go(here(claim))
    if form.validate_on_submit():
        try:
            rules.ask(claim, form.text.data, version_of(form), desk.actor())
            flash(f"{claim.organisation.name} is asked for more evidence.", "success")
            return go(here(claim))
        except rules.Refused as refusal:
            form.form_errors.append(str(refusal))
            form.version.data = Claim.select(Claim.version).where(Claim.id == claim.id).scalar()
    return page(
        "claims/question.html",
        422 if form.is_submitted() else 200,
        claim=claim,
        form=form,
        cancel=here(claim),
        breadcrumbs=crumbs((name_of(claim), here(claim)), ("Ask for more evidence", None)),
    )


@routes.route("/claims/<int:claim_id>/reopening", methods=["GET", "POST"])
@requires(Can.DECIDE_CLAIMS)
def reopen(claim_id: int):
    """Open a decided claim again that no finalised period has paid."""
    claim = found_claim(claim_id)
    form = ReopeningForm(data={"version": claim.version})
    if claim.is_pending:
        flash("This claim is open already.", "notice")
        return go(here(claim))
    if form.validate_on_submit():
        try:
            rules.reopen(claim, form.reason.data, version_of(form), desk.actor())
            flash("The claim is pending again, as it was.", "success")
            return go(here(claim))
        except rules.Refused as refusal:
            form.form_errors.append(str(refusal))
    return page(
        "claims/reopening.html",
        422 if form.is_submitted() else 200,
        claim=claim,
        form=form,
        cancel=here(claim),
        breadcrumbs=crumbs((name_of(claim), here(claim)), ("Open again", None)),
    )


@routes.get("/claims/files/<int:file_id>")
@requires(Can.SEE_RECORDS)
def file(file_id: int):
    """Download evidence; always as a file, never shown in the page."""
    within = Claim.visible_to(g.reach).select(Claim.id)
    found = ClaimFile.select(ClaimFile, File).join(File).switch(ClaimFile).join(ClaimItem)
    row = found.where((ClaimFile.id == file_id) & ClaimItem.claim.in_(within)).get_or_none() or abort(404)
    return handed_out(row.file)


# what contract types pay -----------------------------------------------------------------------------------------------


@routes.get("/claims/contract-types")
@requires(Can.SEE_RECORDS)
def schemes_page():
    """What each contract type pays of the care missed in hospital (P-18)."""
    return page(
        "claims/schemes.html",
        rows=schemes.listed(),
        levels=claim_items.levels(),
        may=can(Can.DECIDE_CLAIMS),
        levels_href=desk.where("authority.services.levels"),
        breadcrumbs=crumbs(("Hospital incentive by contract type", None)),
    )


@routes.route("/claims/contract-types/<contract_type>/edit", methods=["GET", "POST"])
@requires(Can.DECIDE_CLAIMS)
def scheme(contract_type: str):
    """Change what a contract type pays."""
    known = {row.contract_type for row in schemes.listed()}
    if contract_type not in known:
        abort(404)
    now = schemes.facts_of(contract_type)
    form = SchemeForm.opened(now)
    if form.is_submitted() and form.validate():
        existing = ClaimRule.get_or_none(ClaimRule.contract_type == contract_type)
        if not form.overtaken(ClaimRule, now):
            try:
                facts = form.facts() | {"contract_type": contract_type}
                schemes.save(facts, desk.actor(), existing)
                records.saved(f"What {contract_type} pays")
                return go(url_for("authority.claims.schemes_page"))
            except Faulty as refused:
                form.blame(refused.faults)
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Hospital incentive under {contract_type}",
        guidance="Claims that are submitted keep the working that they show. Days are counted with the first and the last.",
        form=form,
        button="Save",
        cancel=url_for("authority.claims.schemes_page"),
        breadcrumbs=crumbs(
            ("Hospital incentive by contract type", url_for("authority.claims.schemes_page")), (contract_type, None)
        ),
    )
