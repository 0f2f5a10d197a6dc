"""Contracts as officers see and keep them (rule 7.1)."""

from __future__ import annotations

from flask import abort, g, request, url_for
from peewee import fn

from blueprints import facts, records, values
from blueprints.contracts import rules
from blueprints.contracts.desk import found_contract, found_cycle, routes
from blueprints.pages import go, page
from blueprints.payments import rules as payments
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date
from blueprints.weeks import today
from forms.contracts import ContractFilter, ContractForm
from forms.services import number
from models import Contract, Finalisation, Organisation, Package, PaymentCycle

ORDERS = {
    "name": (Contract.name,),
    "ref": (Contract.ref,),
    "organisation": (Organisation.name, Contract.name),
    "type": (Contract.contract_type,),
    "cycle": (PaymentCycle.name, Contract.name),
}
BASIS = {"portal": "Portal: what the portal works out is paid", "invoice": "Invoice: the provider's invoices are paid"}


@routes.get("/contracts")
@requires(Can.SEE_RECORDS)
def index():
    """Contracts of all organisations."""
    return contract_list(None, None)


@routes.get("/organisations/<int:organisation_id>/contracts")
@requires(Can.SEE_RECORDS)
def of_organisation(organisation_id: int):
    """An organisation's contracts."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    return contract_list(records.of_organisation(row, "Contracts"), Contract.organisation == row, organisation=row)


@routes.get("/payment-cycles/<int:cycle_id>/contracts")
@requires(Can.SEE_RECORDS)
def of_cycle(cycle_id: int):
    """The contracts that a cycle pays."""
    row = found_cycle(cycle_id)
    return contract_list(records.of_cycle(row, "Contracts"), Contract.cycle == row, cycle=row)


def contract_list(owner, condition, organisation=None, cycle=None):
    """The list of contracts, of one record or of all."""
    filter_form = ContractFilter()
    if organisation is not None:
        del filter_form.organisation
    else:
        filter_form.organisation.choices = records.choices(Organisation, "All organisations", g.reach)
    if cycle is not None:
        del filter_form.cycle
    else:
        filter_form.cycle.choices = records.choices(PaymentCycle, "All cycles")
    kinds = [k for (k,) in Contract.select(Contract.contract_type).distinct().order_by(Contract.contract_type).tuples()]
    filter_form.kind.choices = [("", "All types"), *((k, k) for k in kinds)]
    filter_form.validate()
    current = Package.select(fn.COUNT(Package.id)).where(
        (Package.contract == Contract.id) & (Package.end_date.is_null() | (Package.end_date >= today()))
    )
    query = (
        Contract.visible_to(g.reach)
        .select(Contract, Organisation, PaymentCycle, current.alias("current_count"))
        .join(Organisation)
        .switch(Contract)
        .join(PaymentCycle)
    )
    if condition is not None:
        query = query.where(condition)
    for name, column in (("organisation", Contract.organisation), ("cycle", Contract.cycle)):
        if name in filter_form and filter_form[name].data:
            query = query.where(column == number(filter_form[name].data))
    if filter_form.kind.data:
        query = query.where(Contract.contract_type == filter_form.kind.data)
    if wanted := filter_form.q.data:
        query = query.where(Contract.name.contains(wanted) | Contract.ref.contains(wanted))
    if records.wants_csv():
        rows, _ = records.ordered(query, ORDERS, "name", Contract.id)
        return records.csv_file(
            "contracts",
            [
                "ContractRef",
                "ContractName",
                "OrganisationRef",
                "OrganisationName",
                "ContractType",
                "PaymentCycle",
                "VatRate",
                "PaymentBasis",
                "PaymentMethod",
                "CurrentPackages",
            ],
            (
                [
                    c.ref,
                    c.name,
                    c.organisation.ref,
                    c.organisation.name,
                    c.contract_type,
                    c.cycle.name,
                    values.file_quantity(c.vat_rate),
                    c.payment_basis,
                    c.payment_method,
                    c.current_count,
                ]
                for c in rows
            ),
        )
    at = {"organisation": organisation.id} if organisation else {}
    return page(
        "contracts/list.html",
        heading=None if owner else "Contracts",
        owner=owner,
        breadcrumbs=owner.crumbs if owner else [records.home(), ("Contracts", None)],
        actions=([("Payment cycles", url_for("authority.contracts.cycles"))] if not owner else [])
        + ([("Add a contract", url_for("authority.contracts.add", **at), "button")] if can(Can.EDIT_RECORDS) else []),
        filter=filter_form,
        organisation=organisation,
        cycle=cycle,
        found=records.listed(query, ORDERS, "name", Contract.id),
    )


@routes.route("/contracts/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def add():
    """A new contract."""
    return edit_page(None)


@routes.route("/contracts/<int:contract_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit(contract_id: int):
    """Change a contract; cycle, VAT and basis are fixed once a period is finalised (7.1)."""
    return edit_page(found_contract(contract_id))


def edit_page(row: Contract | None):
    """The form of a contract, saved where it will do."""
    given = facts.of(row) or {"organisation": number(request.args.get("organisation")), "payment_basis": "portal"}
    form = ContractForm.opened(given)
    form.organisation.choices = records.choices(Organisation, "Choose an organisation", g.reach)
    form.cycle.choices = records.choices(PaymentCycle, "Choose a payment cycle")
    if form.is_submitted() and (ident := records.keep(form, Contract, row, rules.save_contract)):
        records.saved(form.name.data)
        return go(url_for("authority.contracts.show", contract_id=ident))
    back = url_for("authority.contracts.show", contract_id=row.id) if row else url_for("authority.contracts.index")
    fixed = row is not None and Finalisation.select().where(Finalisation.contract == row).exists()
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else "Add a contract",
        breadcrumbs=[records.home(), ("Contracts", url_for("authority.contracts.index"))]
        + ([(row.name, back), ("Change", None)] if row else [("Add a contract", None)]),
        guidance="A period of this contract is finalised: its payment cycle, VAT rate and payment basis can no longer change."
        if fixed
        else None,
        form=form,
        button="Save contract",
        cancel=back,
    )


@routes.get("/contracts/<int:contract_id>")
@requires(Can.SEE_RECORDS)
def show(contract_id: int):
    """A contract's details."""
    row = found_contract(contract_id)
    owner = records.of_contract(row, "Details")
    state = payments.states([row])[row.id]
    oldest = state.oldest_current
    return page(
        "records/summary.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[("Change details", url_for("authority.contracts.edit", contract_id=row.id))]
        if can(Can.EDIT_RECORDS)
        else [],
        rows=[
            {"key": "Reference", "value": row.ref},
            {"key": "Name", "value": row.name},
            {"key": "Organisation", "value": row.organisation.name},
            {"key": "Contract type", "value": row.contract_type},
            {"key": "Payment cycle", "value": row.cycle.name},
            {
                "key": "Current period",
                "value": f"{values.show_date_long(oldest.start_date)} to {values.show_date_long(oldest.end_date)}",
            }
            if oldest
            else {"key": "Current period", "value": "None: add periods to the payment cycle"},
            {"key": "Finalised periods", "value": str(len(state.finalised))},
            {"key": "VAT rate", "value": records.in_words(Contract, "vat_rate", row.vat_rate)},
            {"key": "Payment basis", "value": BASIS.get(row.payment_basis, row.payment_basis)},
            {"key": "Payment method", "value": row.payment_method},
        ],
    )


@routes.get("/contracts/<int:contract_id>/periods")
@requires(Can.SEE_RECORDS)
def periods(contract_id: int):
    """The periods of a contract and their states (7.1)."""
    row = found_contract(contract_id)
    owner = records.of_contract(row, "Periods")
    state = payments.states([row])[row.id]
    listed = []
    for period in sorted(state.periods, key=lambda p: p.start_date, reverse=True):
        done = state.finalised.get(period.id)
        word = "Finalised" if done else "Future" if period.start_date > today() else "Current"
        listed.append({"period": period, "done": done, "state": word})
    if records.wants_csv():
        return records.csv_file(
            "contract-periods",
            ["StartDate", "EndDate", "CutOff", "Status", "FinalisedAt", "FinalisedBy"],
            (
                [
                    file_date(p["period"].start_date),
                    file_date(p["period"].end_date),
                    file_date(p["period"].cut_off),
                    p["state"],
                    f"{p['done'].at:%Y-%m-%d %H:%M}" if p["done"] else "",
                    p["done"].by if p["done"] else "",
                ]
                for p in listed
            ),
        )
    return page("contracts/periods.html", owner=owner, breadcrumbs=owner.crumbs, listed=listed)


@routes.get("/contracts/<int:contract_id>/history")
@requires(Can.SEE_RECORDS)
def story(contract_id: int):
    """Who changed the contract, when, and how."""
    row = found_contract(contract_id)
    owner = records.of_contract(row, "History")
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, ContractForm))
