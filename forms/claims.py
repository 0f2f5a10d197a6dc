"""Forms of one-off claims: the lists' filters, the provider's claim and its items, the officer's decision."""

from __future__ import annotations

from wtforms import HiddenField

from forms import fields as f
from forms.base import CleanForm, FilterForm, PortalForm
from forms.records import RecordForm
from models import ClaimState, LongerStay

TEXT = 8000


class CostField(f.RateField):
    """A unit cost; whole pennies are shown as such."""

    def written(self, value: int) -> str:
        return super().written(value).removesuffix("00")


class ClaimsFilter(FilterForm):
    """The provider's list: financial year, service, status (P-01)."""

    year = f.SelectField("Financial year")
    service = f.SelectField("Service")
    status = f.SelectField("Status", choices=[("", "All"), *((str(s), str(s)) for s in ClaimState)])

    def __init__(self, years: list[str], services: list[tuple[str, str]], this_year: str):
        super().__init__()
        self.year.choices = [(one, one) for one in years]
        self.service.choices = [("", "All Services"), *services]
        if self.year.data not in years:
            self.year.data = this_year
        if self.service.data not in {value for value, _ in services}:
            self.service.data = ""
        if self.status.data not in {"", *map(str, ClaimState)}:
            self.status.data = ""


class NewClaimForm(PortalForm):
    """A new claim: its service comes first (P-02)."""

    service = f.SelectField("Service", [f.Required("Choose the service first")])
    notes = f.CountedTextField("Notes", description="For the authority to read with the claim", most=TEXT)

    def __init__(self, services: list[tuple[str, str]], **kwargs):
        super().__init__(**kwargs)
        self.service.choices = [("", "[No Selection]"), *services] if len(services) > 1 else services


class NotesForm(PortalForm):
    """The notes of a draft."""

    version = HiddenField()
    notes = f.CountedTextField("Notes", description="For the authority to read with the claim", most=TEXT)


class AboutForm(PortalForm):
    """Whom and what an item is for."""

    level = f.SelectField("Service Level", [f.Required()])
    client = f.SelectField("Client", [f.Required()])

    def __init__(self, levels: list[tuple[str, str]], clients: list[tuple[str, str]], **kwargs):
        super().__init__(**kwargs)
        self.level.choices = levels if len(levels) == 1 else [("", "[No Selection]"), *levels]
        self.client.choices = [("", "[No Selection]"), *clients]


class ItemForm(PortalForm):
    """An item of a claim (P-05)."""

    version = HiddenField()
    description = f.TextAreaField("Description", [f.Required()])
    quantity = f.QuantityField("Quantity", [f.Required()])
    unit_cost = CostField("Unit Cost", [f.Required()], called="unit cost")
    amount_reason = f.TextField(
        "Why the amount is another one", description="Only where it is not what the portal has worked out"
    )
    files = f.FilesField("Attachment", description="Evidence, such as a discharge letter.")


class StayForm(ItemForm):
    """An item that is worked out from a hospital stay (rule 8.2)."""

    stay_first = f.DateField("First day in hospital", [f.Required()])
    stay_last = f.DateField("Last day in hospital", [f.Required()])
    dates_reason = f.TextField("Why the stay has other days", description="Only where they are not what the visits say")


class EvidenceForm(PortalForm):
    """What the provider adds to a claim that waits (P-26)."""

    text = f.CountedTextField("What you want to say", most=TEXT)
    item = f.SelectField("Client item", [f.Required()])
    files = f.FilesField("Attachment")


class VersionForm(PortalForm):
    """A press, with the version of the claim that was shown."""

    version = HiddenField()


class QuestionForm(VersionForm):
    """Asking for more evidence."""

    text = f.CountedTextField(
        "What is still needed",
        [f.Required("Enter what evidence is still needed")],
        description="The provider reads it at once and can add evidence while the claim is pending",
        most=TEXT,
    )


class ReopeningForm(VersionForm):
    """Opening a decided claim again."""

    reason = f.TextField("Why it is opened again", [f.Required("Enter why the claim is opened again")])


class DecisionForm(VersionForm):
    """The authority's notes on the whole claim; the figures of items stand in DecidedForm, one for each."""

    notes = f.CountedTextField(
        "Local Authority Notes",
        description="The provider reads them. A rejected claim needs the reason here",
        most=TEXT,
    )


class DecidedForm(CleanForm):
    """What an officer makes of one item (P-16)."""

    class Meta(CleanForm.Meta):
        csrf = False
        marks_optional = False

    included = f.CheckboxField("Included")
    quantity = f.QuantityField("Quantity", [f.Required()])
    unit_cost = CostField("Unit Cost", [f.Required()], called="unit cost")
    notes = f.CountedTextField("Notes for the provider", most=TEXT)


class QueueFilter(FilterForm):
    """Which claims officers see."""

    status = f.SelectField(
        "Status",
        choices=[("", "All"), *((str(s), str(s)) for s in ClaimState if s != ClaimState.UNSUBMITTED)],
        default=str(ClaimState.PENDING),
    )
    waits = f.SelectField(
        "Waits for", choices=[("", "All"), ("authority", "The authority"), ("provider", "The provider")]
    )
    organisation = f.SelectField("Provider", choices=[])
    kind = f.SelectField("Contract type", choices=[])
    year = f.SelectField("Financial year", choices=[])
    client = f.SearchField("Client", description="SSRef or name")


class SchemeForm(RecordForm):
    """What a contract type pays of the care missed in hospital (P-18)."""

    is_paid = f.CheckboxField("Pays a hospital incentive")
    percent = f.PercentField("Part of the cost of missed care", [f.Required()])
    most_days = f.WholeField("Most days of a stay", [f.Required()])
    working_days = f.CheckboxField("Count Monday to Friday only")
    longer = f.RadioField(
        "A longer stay",
        [f.Required("Choose what a longer stay gives")],
        choices=[(str(LongerStay.NOTHING), "Gives nothing"), (str(LongerStay.FIRST_DAYS), "Gives its first days")],
    )
