"""The kit and the fields: what every page stands on."""

from datetime import date
from typing import NamedTuple

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from blueprints import components
from blueprints.components import drawn
from forms import fields as f
from forms.base import FilterForm, PortalForm


@pytest.fixture
def app():
    app = Flask("pages", root_path=str(components.STATIC.parent))
    app.config.update(SECRET_KEY="test", WTF_CSRF_ENABLED=False)
    components.register(app)
    return app


@pytest.fixture(autouse=True)
def works_for(monkeypatch):
    monkeypatch.setattr(PortalForm, "organisation_now", staticmethod(lambda: None))

    def set_organisation(number):
        monkeypatch.setattr(PortalForm, "organisation_now", staticmethod(lambda: number))

    return set_organisation


class Asked(PortalForm):
    name = f.TextField("Name", [f.Required()])
    start = f.DateField("Start date", [f.Required()])
    amount = f.MoneyField("Weekly amount", least=0)
    rate = f.RateField("Unit rate")
    vat = f.PercentField("VAT")
    at = f.TimeField("Entry time")
    why = f.RadioField("Reason", [f.Required("Choose why")], choices=[("a", "More"), ("b", "Less")])


GOOD = {"name": " Ann ", "start": "5/10/2026", "amount": "£1,234.5", "rate": "19.25", "vat": "17.5%"}
GOOD |= {"at": "14:30", "why": "a"}


def sent(app, **changes):
    with app.test_request_context(method="POST", data={**GOOD, **changes}):
        form = Asked()
        form.validate()
        return form, {name: list(errors) for name, errors in form.errors.items()}, list(form.problems())


def test_fields_give_what_the_tables_keep(app):
    form, errors, _ = sent(app)
    assert not errors
    assert (form.name.data, form.start.data, form.amount.data) == ("Ann", date(2026, 10, 5), 123450)
    assert (form.rate.data, form.vat.data, form.at.data) == (192500, 1750, 52200)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("name", " ", "Enter the name"),
        ("start", "", "Enter the start date"),
        ("start", "31/2/2026", "Enter the start date as day, month and year, such as 5/10/2026"),
        ("amount", "1,5", "Enter the weekly amount in pounds and pence, such as 1234.56"),
        ("amount", "-1", "Weekly amount must be £0 or more"),
        ("vat", "101", "VAT must be 100% or less"),
        ("at", "25:00", "Enter the entry time as a time, such as 14:30"),
        ("why", "", "Choose why"),
        ("why", "z", "Choose the reason from the list"),
    ],
)
def test_a_message_says_what_to_do(app, field, text, message):
    _, errors, problems = sent(app, **{field: text})
    assert errors == {field: [message]}
    assert problems == [(field, message)]


def test_a_label_that_is_no_noun_is_called_something(app):
    class Range(FilterForm):
        first = f.DateField("From", called="first date")

    with app.test_request_context("/?first=x"):
        form = Range()
        assert not form.validate()
        assert form.errors == {"first": ["Enter the first date as day, month and year, such as 5/10/2026"]}


def test_what_was_typed_stays_and_labels_say_what_is_mandatory(app):
    with app.test_request_context(method="POST", data={**GOOD, "start": "31/2/2026"}):
        form = Asked()
        form.validate()
        page = render_template_string("{{ ui.form_open(form) }}{{ ui.fields(form) }}{{ ui.form_close() }}", form=form)
    assert 'value="31/2/2026"' in page
    assert "Unit rate (optional)" in page
    assert "Start date (optional)" not in page


def test_a_form_made_for_another_organisation_is_refused(app, works_for):
    works_for(7)
    assert not sent(app, organisation_id="7")[1]
    form, errors, problems = sent(app, organisation_id="9")
    assert problems == [(None, errors["made_for"][0])]
    assert form.made_for.data == 7, "shown again it is for the organisation of now"
    assert form.name.data == "Ann"


def test_a_form_does_not_move_a_row_to_another_organisation(app, works_for):
    works_for(7)

    class Row:
        organisation_id = 9
        name = start = amount = rate = vat = at = why = None

    row = Row()
    form, _, _ = sent(app, organisation_id="7")
    form.populate_obj(row)
    assert row.organisation_id == 9


def test_a_filter_names_what_is_set_and_keeps_the_order(app):
    class Visits(FilterForm):
        name = f.SearchField("Client")
        status = f.CheckboxesField("Status", choices=[(word, word) for word in ("New", "Matched", "Unmatched")])

    with app.test_request_context("/?name=Bell&status=New&status=Matched&sort=-planned&page=3"):
        form = Visits()
        assert form.validate()
        assert form.chosen() == [("Client", "Bell"), ("Status", "New, Matched")]
        assert form.kept() == [("sort", "-planned")]
        assert components.query(page=2) == "?name=Bell&status=New&status=Matched&sort=-planned&page=2"
        assert "hx-push-url" in render_template_string("{{ ui.filter_panel(form, region='visits') }}", form=form)


def test_statuses_have_the_colours_of_the_table(app):
    with app.test_request_context():
        cases = {
            "Matched": "green",
            "Pending": "yellow",
            "New": "blue",
            "In Dispute": "red",
            "Historical": "grey",
            "?": "grey",
        }
        for word, colour in cases.items():
            assert f"govuk-tag--{colour}" in render_template_string("{{ ui.tag(word) }}", word=word)


@pytest.mark.parametrize("name", ["403", "404", "500", "503", "csrf"])
def test_error_pages_need_nothing_from_outside(app, name):
    with app.test_request_context():
        page = app.jinja_env.get_template(f"errors/{name}.html").render()
    assert page.count("<h1") == 1
    heading = page.split("<h1", 1)[1].split(">", 1)[1].split("<", 1)[0]
    assert f"<title>{heading} – " in page


def test_nothing_in_the_templates_is_inline(app):
    for file in (components.STATIC.parent / "templates").rglob("*.html"):
        if "emails" in file.parts:  # mail programs know no style sheets
            continue
        text = file.read_text(encoding="utf-8")
        for forbidden in (" style=", "<style", "<script>", "hx-on", "javascript:"):
            assert forbidden not in text, f"{file} has {forbidden}"


def test_a_colour_that_is_none_is_left_out():
    assert ":root{--authority-colour:#00693e}" in components.theme("#00693e", "red;}")[1]


def test_a_query_of_the_address_is_escaped(app):
    with app.test_request_context('/?name="><script>'):
        assert components.query(page=2) == "?name=%22%3E%3Cscript%3E&page=2"


class Drawn(NamedTuple):
    """A row to draw."""

    ref: str
    number: int
    state: str


@given(st.lists(st.builds(Drawn, st.text(max_size=12), st.integers(), st.sampled_from(["a", "b"])), max_size=5))
def test_a_drawn_row_is_what_a_template_would_write(rows):
    pattern = Markup('<td title="100%">{ref}</td><td>{number}</td>{state}<td>{ref}</td>')
    tags = {"a": Markup("<b>A</b>"), "b": "<i>"}
    expected = [
        f'<td title="100%">{escape(row.ref)}</td><td>{row.number}</td>{escape(tags[row.state])}<td>{escape(row.ref)}</td>'
        for row in rows
    ]
    assert drawn(pattern, rows, state=tags) == "\n".join(expected)


class Under(NamedTuple):
    name: str


def test_headings_among_drawn_rows_have_a_pattern_of_their_own():
    patterns = {"Under": "<th>{name}</th>", "Drawn": "<td>{ref}, {number}</td>"}
    rows = [Under("<a>"), Drawn("1", 2, "a"), Drawn("3", 4, "a"), Under("b")]
    assert drawn(patterns, rows).split() == ["<th>&lt;a&gt;</th>", "<td>1,", "2</td>", "<td>3,", "4</td>", "<th>b</th>"]


def test_a_drawn_row_has_only_fields_that_are_there():
    with pytest.raises(ValueError, match="not in"):
        drawn(Markup("<td>{nothing}</td>"), [Drawn("a", 1, "a")])
