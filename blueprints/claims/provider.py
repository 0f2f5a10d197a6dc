"""A provider's one-off claims: drafting, submitting, adding evidence (P)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import history, sides, weeks
from blueprints.attachments.screens import handed_out
from blueprints.claims import calls, listing, rules, schemes, screens, shown
from blueprints.claims import items as claim_items
from blueprints.claims.screens import TITLE, actor, crumbs, here, name_of, uploads, version_of
from blueprints.facts import Faulty
from blueprints.imports.screens import attachment
from blueprints.pages import go, page
from blueprints.payments import rules as payments
from blueprints.permissions import Can, can, requires
from blueprints.sheets import write_csv
from blueprints.values import show_money
from forms.claims import ClaimsFilter, EvidenceForm, NewClaimForm, NotesForm, VersionForm
from models import Claim, ClaimFile, ClaimItem, Contract, File, Service

routes = Blueprint("claims", __name__)

SIZE = 100


def own(claim_id: int) -> Claim:
    """The claim with its service, if it is within reach."""
    query = Claim.visible_to(g.reach).select(Claim, Service).join(Service)
    return query.where(Claim.id == claim_id).get_or_none() or abort(404)


def own_item(item_id: int) -> ClaimItem:
    """The item with its claim, if that is within reach."""
    within = Claim.visible_to(g.reach).select(Claim.id)
    found = ClaimItem.select(ClaimItem, Claim, Service).join(Claim).join(Service)
    return found.where((ClaimItem.id == item_id) & ClaimItem.claim.in_(within)).get_or_none() or abort(404)


# the list --------------------------------------------------------------------------------------------------------------


@routes.get("/claims")
@requires(Can.SEE_OWN)
def index():
    """One-Off Claims: those of a financial year, and hospital stays that nobody has claimed (P-01)."""
    today = weeks.today()
    within = Claim.visible_to(g.reach).select(Claim.id)
    mine = Claim.id.in_(within)
    services = list(Service.visible_to(g.reach).order_by(Service.name))
    this_year = weeks.financial_year(today)
    span = [*listing.years(mine), today]
    first, last = (weeks.financial_year_dates(weeks.financial_year(d))[0].year for d in (min(span), max(span)))
    years = [f"{year}/{year + 1}" for year in range(last, first - 1, -1)]
    form = ClaimsFilter(years, [(str(s.id), s.name) for s in services], this_year)
    start, end = weeks.financial_year_dates(form.year.data)
    condition = mine & Claim.claimed_on.between(start, end)
    if form.service.data:
        condition &= Claim.service == int(form.service.data)
    if form.status.data:
        condition &= Claim.state == form.status.data
    if request.args.get("format") == "csv":
        return attachment(list(write_csv(listing.file_rows(condition), listing.HEADINGS)), f"claims-{start.year}.csv")
    count = Claim.select().where(condition).count()
    pages = max(1, -(-count // SIZE))
    text = request.args.get("page", "1")
    number = min(max(int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1, 1), pages)
    sort = request.args.get("sort", "-date")
    return page(
        "claims/provider_list.html",
        form=form,
        services=services,
        rows=listing.rows(condition, sort, "-date", SIZE, (number - 1) * SIZE) if count else [],
        count=count,
        sort=sort,
        page_number=number,
        pages=pages,
        levels=claim_items.levels(),
        unclaimed=calls.unclaimed(g.reach, today, g.settings.hospital_type) if can(Can.SEND_CLAIMS) else [],
        press=VersionForm(None),
        show_prefix=url_for("provider.claims.index") + "/",
        breadcrumbs=[("Home", url_for("provider.home.index")), (TITLE, None)],
    )


@routes.route("/claims/new", methods=["GET", "POST"])
@requires(Can.SEND_CLAIMS)
def new():
    """A new claim: the service comes first (P-02, P-03)."""
    services = list(Service.visible_to(g.reach).order_by(Service.name))
    form = NewClaimForm([(str(s.id), s.name) for s in services])
    if not form.is_submitted() and len(services) > 1:
        form.service.data = request.args.get("service", "")
    if form.validate_on_submit():
        service = next(s for s in services if str(s.id) == form.service.data)
        claim = rules.begin(service, form.notes.data or "", actor(), weeks.today())
        return go(url_for("provider.claims.new_item", claim_id=claim.id))
    return page(
        "claims/new.html",
        422 if form.is_submitted() else 200,
        form=form,
        levels=claim_items.levels(),
        cancel=url_for("provider.claims.index"),
        breadcrumbs=crumbs(("New Claim", None)),
    )


@routes.post("/claims/stays")
@requires(Can.SEND_CLAIMS)
def from_stay():
    """Begin a claim for a stay that the visits tell of; the next page shows its working to be created as its item."""
    if not VersionForm().validate_on_submit():
        return go(url_for("provider.claims.index"))
    wanted = request.form.get("stay", "")
    found = calls.unclaimed(g.reach, weeks.today(), g.settings.hospital_type)
    stay = next((one for one in found if key_of(one) == wanted), None)
    level = next((x for x in claim_items.levels() if x.claimable == "hospital"), None)
    if stay is None or level is None:
        flash(
            "This stay has been claimed meanwhile, or its visits have changed. Look at the list as it is now.", "notice"
        )
        return go(url_for("provider.claims.index"))
    service = Service.visible_to(g.reach).where(Service.id == stay.service).get()
    claim = rules.begin(service, "", actor(), weeks.today(), reuse=True)
    return go(
        url_for(
            "provider.claims.new_item", claim_id=claim.id, level=level.id, client=stay.client, contract=stay.contract,
            first=stay.working.first.isoformat(),
        )
    )  # fmt: skip


def key_of(stay: calls.Unclaimed) -> str:
    """A stay as its button names it."""
    return f"{stay.service}-{stay.client}-{stay.contract}-{stay.working.first.isoformat()}"


# one claim -------------------------------------------------------------------------------------------------------------


@routes.get("/claims/<int:claim_id>")
@requires(Can.SEE_OWN)
def show(claim_id: int):
    """A claim: who, when, notes of both sides, its items, evidence, history (P-03, P-04, P-13 to P-15)."""
    claim = own(claim_id)
    history.looked(g.user.id, claim)
    return claim_page(claim)


def claim_page(claim: Claim, refusal: str = "", status: int = 200):
    """The claim's page, with what could not be done."""
    found = shown.reached(claim, payments.states, g.reach)
    items = [one.item for one in found]
    today = weeks.today()
    draft = claim.is_draft
    return page(
        "claims/provider_claim.html",
        status,
        claim=claim,
        items=found,
        totals=shown.totals(found),
        refusal=refusal,
        warnings=claim_items.warnings(claim, items, g.settings, today, g.reach) if draft or claim.is_pending else [],
        faults=claim_items.faults(claim, g.settings, today) if draft and items else [],
        posts=shown.posts(claim),
        story=shown.story(claim),
        may=can(Can.SEND_CLAIMS),
        payments_on=sides.is_there("payments") and can(Can.SEE_PAYMENTS),
        press=VersionForm(None, version=claim.version),
        show_vat=any(item.contract.vat_rate for item in items),
        breadcrumbs=crumbs((name_of(claim), None)),
    )


def press(claim: Claim, act):
    """Do what a button says with the version that was shown; where it cannot be, the page says why."""
    form = VersionForm()
    if not form.validate_on_submit():
        return claim_page(own(claim.id), "The page was too old to be sent. Press again.", 422)
    try:
        return act(version_of(form))
    except rules.Refused as refusal:
        gone = Claim.visible_to(g.reach).where(Claim.id == claim.id).get_or_none() is None
        if gone:
            flash(str(refusal), "notice")
            return go(url_for("provider.claims.index"))
        return claim_page(own(claim.id), str(refusal), 409)


@routes.post("/claims/<int:claim_id>/submission")
@requires(Can.SEND_CLAIMS)
def submit(claim_id: int):
    """Submit Claim: from then on it cannot be changed (P-11)."""
    claim = own(claim_id)

    def act(version):
        today = weeks.today()
        done = rules.submit(claim, lambda now: claim_items.faults(now, g.settings, today), version, actor(), today)
        if done:
            flash(
                f"The claim is submitted: {show_money(total_of(claim))}. {g.settings.authority_name} decides.",
                "success",
            )
        else:
            flash("This claim was submitted already. Nothing was done twice.", "notice")
        return go(here(claim))

    return press(claim, act)


def total_of(claim: Claim) -> int:
    """Pence claimed in all."""
    return sum(item.claimed for item in claim.items)


@routes.post("/claims/<int:claim_id>/withdrawal")
@requires(Can.SEND_CLAIMS)
def take_back(claim_id: int):
    """Take a pending claim back: it is a draft again."""
    claim = own(claim_id)

    def act(version):
        rules.take_back(claim, version, actor())
        flash("The claim is taken back: it is a draft again, which the authority does not see.", "success")
        return go(here(claim))

    return press(claim, act)


@routes.route("/claims/<int:claim_id>/cancellation", methods=["GET", "POST"])
@requires(Can.SEND_CLAIMS)
def cancel(claim_id: int):
    """Cancel a draft, after a look at what goes with it (P-03)."""
    claim = own(claim_id)
    if not claim.is_draft:
        flash(f"This claim is {claim.state.lower()}, so it cannot be cancelled.", "notice")
        return go(here(claim))
    if request.method == "POST":

        def act(version):
            rules.cancel(claim, version, actor())
            flash("The claim is cancelled.", "success")
            return go(url_for("provider.claims.index"))

        return press(claim, act)
    return page(
        "claims/cancellation.html",
        claim=claim,
        items=shown.items(claim, payments.states),
        press=VersionForm(None, version=claim.version),
        show_href=here(claim),
        breadcrumbs=crumbs((name_of(claim), here(claim)), ("Cancel", None)),
    )


@routes.route("/claims/<int:claim_id>/notes", methods=["GET", "POST"])
@requires(Can.SEND_CLAIMS)
def notes(claim_id: int):
    """The notes of a draft (P-03)."""
    claim = own(claim_id)
    form = NotesForm(data={"notes": claim.notes, "version": claim.version})
    if form.validate_on_submit():
        try:
            rules.change_notes(claim, form.notes.data or "", version_of(form), actor())
            return go(here(claim))
        except rules.Refused as refusal:
            form.form_errors.append(str(refusal))
            form.version.data = own(claim_id).version
    return page(
        "claims/notes.html",
        422 if form.is_submitted() else 200,
        form=form,
        cancel=here(claim),
        breadcrumbs=crumbs((name_of(claim), here(claim)), ("Notes", None)),
    )


# items -----------------------------------------------------------------------------------------------------------------


@routes.get("/claims/items/<int:item_id>")
@requires(Can.SEE_OWN)
def item(item_id: int):
    """One item: what was claimed, its working and evidence, what the authority made of it, where it is paid (P-14)."""
    found = own_item(item_id)
    one = next(x for x in shown.reached(found.claim, payments.states, g.reach) if x.item.id == item_id)
    return page(
        "claims/provider_item.html",
        claim=found.claim,
        one=one,
        scheme_words=schemes.in_words(schemes.schemes().get(one.item.contract.contract_type)),
        may=can(Can.SEND_CLAIMS),
        press=VersionForm(None, version=found.claim.version),
        payments_on=sides.is_there("payments") and can(Can.SEE_PAYMENTS),
        visit_prefix=url_for("provider.visits.show", visit_id=0)[:-1],
        breadcrumbs=crumbs((name_of(found.claim), here(found.claim)), (one.item.client.file_name, None)),
    )


@routes.route("/claims/<int:claim_id>/items/new", methods=["GET", "POST"])
@requires(Can.SEND_CLAIMS)
def new_item(claim_id: int):
    """Add New Client Item: whom and what for, then its figures with the working (P-05 to P-09, P-21)."""
    claim = own(claim_id)
    if not claim.is_draft:
        flash(f"This claim is {claim.state.lower()}, so no item can be added.", "notice")
        return go(here(claim))
    what = screens.asked(claim)
    return screens.item_page(claim, None, what) if what else screens.about_page(claim)


@routes.route("/claims/items/<int:item_id>/edit", methods=["GET", "POST"])
@requires(Can.SEND_CLAIMS)
def edit_item(item_id: int):
    """Change an item of a draft."""
    found = own_item(item_id)
    if not found.claim.is_draft:
        flash(f"This claim is {found.claim.state.lower()}, so its items cannot be changed.", "notice")
        return go(url_for("provider.claims.item", item_id=item_id))
    contract = Contract.get_by_id(found.contract_id)
    what = claim_items.about(found.claim, found.level, found.client, contract, g.settings)
    return screens.item_page(found.claim, found, what)


@routes.post("/claims/items/<int:item_id>/deletion")
@requires(Can.SEND_CLAIMS)
def delete_item(item_id: int):
    """Take an item off a draft."""
    found = own_item(item_id)

    def act(_version):
        rules.take_item(found.claim, found, actor())
        flash("The item is taken off the claim.", "success")
        return go(here(found.claim))

    return press(found.claim, act)


# evidence --------------------------------------------------------------------------------------------------------------


@routes.route("/claims/<int:claim_id>/evidence", methods=["GET", "POST"])
@requires(Can.SEND_CLAIMS)
def evidence(claim_id: int):
    """Add evidence to a claim that waits for the authority (P-10, P-26)."""
    claim = own(claim_id)
    if not claim.is_pending:
        flash(f"This claim is {claim.state.lower()}: evidence can be added while it is pending.", "notice")
        return go(here(claim))
    items = claim_items.list_of(claim)
    form = EvidenceForm()
    form.item.choices = [(str(one.id), one.client.name) for one in items]
    if len(items) == 1:
        form.item.data = form.item.data or str(items[0].id)
        form.item.validators = []
    if form.is_submitted() and form.validate():
        item = next((one for one in items if str(one.id) == form.item.data), items[0])
        try:
            if rules.add_evidence(claim, item, (form.text.data or "").strip(), uploads(form.files), actor()):
                flash("It is added to the claim, and the authority can see it.", "success")
                return go(here(claim))
            form.text.errors = ["Enter what you want to say, or choose a file"]
        except Faulty as refused:
            form.files.errors = [fault.message for fault in refused.faults]
        except rules.Refused as refusal:
            flash(str(refusal), "notice")
            return go(here(claim))
    return page(
        "claims/evidence.html",
        422 if form.is_submitted() else 200,
        form=form,
        claim=claim,
        asked=[post for post in shown.posts(claim) if post.by_officer][-1:] if claim.asked_at else [],
        several=len(items) > 1,
        cancel=here(claim),
        breadcrumbs=crumbs((name_of(claim), here(claim)), ("Add evidence", None)),
    )


def own_file(file_id: int) -> ClaimFile:
    """A file of a claim within reach."""
    within = Claim.visible_to(g.reach).select(Claim.id)
    found = ClaimFile.select(ClaimFile, File, ClaimItem, Claim).join(File).switch(ClaimFile).join(ClaimItem).join(Claim)
    return found.where((ClaimFile.id == file_id) & ClaimItem.claim.in_(within)).get_or_none() or abort(404)


@routes.get("/claims/files/<int:file_id>")
@requires(Can.SEE_OWN)
def file(file_id: int):
    """Download a file of a claim."""
    return handed_out(own_file(file_id).file)


@routes.post("/claims/files/<int:file_id>/deletion")
@requires(Can.SEND_CLAIMS)
def delete_file(file_id: int):
    """Take a file off a draft."""
    found = own_file(file_id)

    def act(_version):
        rules.take_file(found.item.claim, found, actor())
        flash(f"{found.file.name} is taken off the claim.", "success")
        return go(url_for("provider.claims.edit_item", item_id=found.item_id))

    return press(found.item.claim, act)
