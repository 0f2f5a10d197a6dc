"""A message's words in text and HTML, from one template; and when mail that can wait goes out. Knows no area."""

from __future__ import annotations

import datetime as dt
import html
import textwrap
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from blueprints import values, weeks

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "emails"


def render(name: str, facts: dict[str, Any]) -> tuple[str, str]:
    """The template `emails/NAME.jinja` with these facts: as plain text, and as HTML."""
    made = (_environment(rich).get_template(f"{name}.jinja").render(facts).strip() + "\n" for rich in (False, True))
    plain, rich = made
    return plain, rich


def _environment(rich: bool) -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=rich,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    env.filters.update(long_date=values.show_date_long, money=values.show_money, moment=_moment)
    env.globals.update(_RICH if rich else _PLAIN)
    return env


def _moment(when: dt.datetime) -> str:
    local = weeks.london(when)
    return f"{values.show_date_long(local.date())} at {local:%H:%M}"


def _plain_action(words: str, address: str) -> str:
    return f"{words}:\n{address}\n"


def _rich_action(words: str, address: str) -> Markup:
    words, address = html.escape(words), html.escape(address)
    return Markup(f'<p style="margin:0 0 20px"><a href="{address}">{words}</a></p>')


# How the same template is written in both forms: a paragraph, a link on a line of its own, a code to type, a list.
_PLAIN = {
    "layout": "layout.txt",
    "p": lambda text: textwrap.fill(" ".join(str(text).split()), 74, break_long_words=False) + "\n",
    "action": _plain_action,
    "code": lambda text: f"    {text}\n",
    "items": lambda lines: "".join(f"- {line}\n" for line in lines),
}
_RICH = {
    "layout": "layout.html",
    "p": lambda text: Markup('<p style="margin:0 0 20px">{}</p>').format(text),
    "action": _rich_action,
    "code": lambda text: Markup(
        '<p style="margin:0 0 20px;font-size:28px;letter-spacing:4px;font-weight:bold">{}</p>'
    ).format(text),
    "items": lambda lines: Markup('<ul style="margin:0 0 20px">{}</ul>').format(
        Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
    ),
}


def next_time(now: dt.datetime, first: int, last: int) -> dt.datetime:
    """When mail that can wait may go: now, or the next time that a London clock shows the hour `first` (UTC in and out).

    It goes from the hour `first` until before the hour `last`; 0 and 24, or the same hour twice, mean at any time.
    """
    local = weeks.london(now)
    if first % 24 == last % 24 or in_hours(local.hour, first, last):
        return now
    day = local.date() + dt.timedelta(1 if local.hour >= first else 0)
    second = 3600 * first
    try:
        return weeks.instant(day, second).replace(tzinfo=None)
    except weeks.ClockError:  # the hour that is left out in spring
        return weeks.instant(day, second + 3600).replace(tzinfo=None)


def in_hours(hour: int, first: int, last: int) -> bool:
    """Whether an hour lies in a span of hours that may go over midnight."""
    return first <= hour < last if first < last else hour >= first or hour < last
