"""Forms of holding payments back and releasing them."""

from __future__ import annotations

from wtforms import HiddenField

from forms import fields as f
from forms.base import FilterForm, PortalForm
from models import ItemState


class HoldForm(PortalForm):
    """Holding payments back: how, and why."""

    shown = HiddenField()

    state = f.RadioField(
        "What happens to it",
        [f.Required("Choose what happens to it")],
        choices=[
            (str(ItemState.SUSPENDED), "Suspend"),
            (str(ItemState.CARRIED), "Carry forward"),
            (str(ItemState.CANCELLED), "Cancel"),
        ],
    )
    reason = f.CountedTextField(
        "Reason", [f.Required()], most=500, description="The provider reads it beside each line that is held"
    )
    state_hints = (
        "Held until an officer releases it, then paid in the contract’s oldest current period",
        "Not paid in this period; it stands in the next one by itself",
        "Never paid, whatever changes in these weeks later",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.state.gov = {"items": [{"hint": {"text": hint}} for hint in self.state_hints]}


class ReleaseForm(PortalForm):
    """Releasing what is held."""

    shown = HiddenField()

    reason = f.CountedTextField(
        "Why it is released", most=500, description="The provider reads it where the line is paid after all"
    )


class HoldsFilter(FilterForm):
    """Which holds are listed."""

    keeps = ("sort",)

    client = f.SearchField("Client", description="SSRef or name")
    contract = f.SelectField("Contract")
    state = f.SelectField(
        "State",
        choices=[
            ("", "Held now"),
            (str(ItemState.SUSPENDED), "Suspended"),
            (str(ItemState.CARRIED), "Carried forward"),
            (str(ItemState.CANCELLED), "Cancelled, for good too"),
        ],
    )
