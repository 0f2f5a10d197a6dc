"""Forms of manual adjustments."""

from __future__ import annotations

from wtforms import HiddenField

from forms import fields as f
from forms.base import FilterForm, PortalForm


class AdjustmentForm(PortalForm):
    """A manual adjustment; the amount is typed without a sign."""

    period = HiddenField()
    key = HiddenField()
    version = HiddenField()

    direction = f.RadioField(
        "What it does",
        [f.Required("Choose whether it pays the provider or takes back")],
        choices=[("pay", "Pays the provider more"), ("take", "Takes back from the provider")],
    )
    amount = f.MoneyField("Amount, excluding VAT", [f.Required("Enter the amount")], called="amount", least=1)
    with_vat = f.CheckboxField("VAT applies")
    reason = f.SelectField("Reason", [f.Required()])
    ssref = f.RefField("Client’s SSRef", description="Where it is about one client of this contract")
    note = f.CountedTextField(
        "Note",
        [f.Required()],
        most=1000,
        description="The provider reads it in scheduled payments and on the remittance",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.amount.gov = {**self.amount.gov, "classes": "govuk-input--width-10"}

    def facts(self) -> dict:
        """Amount in pence with its sign, and the rest as the tables keep it; the client is found by its SSRef."""
        return {
            "amount": self.amount.data * (-1 if self.direction.data == "take" else 1),
            "with_vat": bool(self.with_vat.data),
            "reason": self.reason.data,
            "note": self.note.data,
        }

    def blame(self, faults) -> None:
        """Show what a rule found wrong, at its fields."""
        for fault in faults:
            field = self._fields.get({"client": "ssref"}.get(fault.field, fault.field))
            field.errors = [*field.errors, fault.message]


class AdjustmentsFilter(FilterForm):
    """Which manual adjustments are listed."""

    keeps = ("sort",)

    q = f.SearchField("Contract, provider or client")
    state = f.SelectField("State", choices=[("", "All"), ("waiting", "Not finalised"), ("settled", "Finalised")])


class TakeAwayForm(PortalForm):
    """A press that takes an adjustment away, as it was shown."""

    version = HiddenField()
