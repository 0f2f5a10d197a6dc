"""The payment calendar on screen, on paper and as a file, for both doors."""

from __future__ import annotations

from flask import Response, g, request

from blueprints import desk, weeks
from blueprints.frame import show_moment
from blueprints.pages import page
from blueprints.pdf import Column, Section, table_pdf
from blueprints.periods import calendar
from blueprints.values import file_date, show_date
from forms.periods import CalendarFilter
from models import utc_now

HEADINGS = ["PaymentCycle", "StartDate", "EndDate", "CutOff", "FinaliseOn", "PayOn", "Status"]


def calendar_page(contracts, cycles: list[tuple[str, str]], layout: str, **more):
    """The calendar of these contracts, or of all; `cycles` are what the filter offers."""
    today = weeks.today()
    form = CalendarFilter(calendar.years(contracts, today), cycles)
    listed = calendar.calendar(contracts, form.show.data, today)
    if "cycle" in form and form.cycle.data:
        listed = [entry for entry in listed if str(entry.cycle) == form.cycle.data]
    asked = request.args.get("format")
    if asked in ("csv", "xlsx"):
        rows = (
            (e.cycle_name, *(file_date(d) for d in (e.start, e.end, e.cut_off, e.finalise_on, e.pay_on)), e.state)
            for e in listed
        )
        return (desk.csv_file if asked == "csv" else desk.xlsx_file)("payment-calendar", HEADINGS, rows)
    if asked == "pdf":
        return paper(listed, form, layout == "authority.html")
    return page(
        "periods/calendar.html",
        layout=layout,
        officers=layout == "authority.html",
        filter=form,
        listed=listed,
        several=len({e.cycle for e in listed}) > 1,
        short=calendar.short,
        next_up=next_up(listed, today),
        today=today,
        **more,
    )


def next_up(listed: list[calendar.Entry], today) -> list[tuple[str, object, calendar.Entry]]:
    """What comes next of each kind: the cut-off, finalising and payment date that are today or later."""
    found = []
    for name, words in (("cut_off", "Cut-off"), ("finalise_on", "Finalising"), ("pay_on", "Payment")):
        coming = [(getattr(e, name), e) for e in listed if getattr(e, name) and getattr(e, name) >= today]
        if coming:
            when, entry = min(coming, key=lambda pair: pair[0])
            found.append((words, when, entry))
    return found


def paper(listed: list[calendar.Entry], form: CalendarFilter, officers: bool) -> Response:
    """The calendar as PDF."""
    columns = [
        Column(h) for h in ("First day", "Last day", "Cut-off date", "Finalising date", "Payment date", "Status")
    ]
    groups: dict[str, list] = {}
    for e in listed:
        heading = e.cycle_name if officers else f"{e.cycle_name}: {', '.join(e.contracts)}"
        groups.setdefault(heading, []).append(
            (*(calendar.short(d) for d in (e.start, e.end, e.cut_off, e.finalise_on, e.pay_on)), e.state)
        )
    content = table_pdf(
        "Payment calendar",
        form.chosen() + ([] if officers else [("Provider", g.user.organisation.name)]),
        columns,
        [Section(rows, heading) for heading, rows in groups.items()],
        printed=show_moment(utc_now()),
        footer=g.settings.authority_name,
        nothing="There are no payment periods.",
    )
    name = f"payment-calendar-{show_date(weeks.today()).replace('/', '-')}.pdf"
    answer = Response(content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=name)
    return answer
