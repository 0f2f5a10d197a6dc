"""What tests of pages share: how many queries an address takes, and pressing the buttons of a form as it stands."""

from __future__ import annotations

from html.parser import HTMLParser

import database
from models import db


def queries(client, address: str) -> int:
    """How many statements a page takes."""
    real = database.real(db)
    count = 0
    original = real.execute_sql

    def counted(*args, **kwargs):
        nonlocal count
        count += 1
        return original(*args, **kwargs)

    real.execute_sql = counted
    try:
        assert client.get(address).status_code == 200
    finally:
        real.__dict__.pop("execute_sql", None)
    return count


class _Fields(HTMLParser):
    """The fields of the last POST form on a page with their values."""

    def __init__(self):
        super().__init__()
        self.forms: list[list[tuple[str, str]]] = []
        self.inside = False
        self.select = self.area = None
        self.over = False  # the frame's own forms come after the page

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag == "form":
            self.inside = at.get("method", "").lower() == "post" and not self.over
            if self.inside:
                self.forms.append([])
        if not self.inside or not self.forms:
            return
        fields = self.forms[-1]
        if tag == "input" and at.get("name"):
            if at.get("type") in ("checkbox", "radio") and "checked" not in at:
                return
            fields.append((at["name"], at.get("value") or ""))
        if tag == "select":
            self.select = at.get("name")
        if tag == "option" and self.select and "selected" in at:
            fields.append((self.select, at.get("value") or ""))
        if tag == "textarea":
            self.area = at.get("name")
            fields.append((self.area, ""))

    def handle_data(self, data):
        if self.area and self.forms:
            name, value = self.forms[-1][-1]
            self.forms[-1][-1] = (name, value + data)

    def handle_endtag(self, tag):
        if tag == "main":
            self.over = True
        if tag == "form":
            self.inside = False
        if tag == "select":
            self.select = None
        if tag == "textarea":
            self.area = None


def fields(text: str, containing: str | None = None) -> dict[str, list[str]]:
    """The fields of the last POST form of a page (or of the one that has such a field), as a browser would send them."""
    parser = _Fields()
    parser.feed(text)
    forms = [f for f in parser.forms if containing is None or containing in dict(f)]
    found: dict[str, list[str]] = {}
    for name, value in forms[-1]:
        found.setdefault(name, []).append(value.lstrip("\n") if "\n" in value else value)
    return found


def press(client, address: str, containing: str | None = None, /, **changes):
    """Open a page, change fields of its form and send it; None takes a field away."""
    sent = fields(client.get(address).text, containing)
    return client.post(address, data=changed(sent, changes))


def press_at(client, address: str, target: str, containing: str | None = None, /, **changes):
    """Open a page, change fields of one of its forms and send it to the form's own address."""
    return client.post(target, data=changed(fields(client.get(address).text, containing), changes))


def changed(sent: dict, changes: dict) -> dict:
    """The fields with some changed."""
    for name, value in changes.items():
        if value is None:
            sent.pop(name, None)
        else:
            sent[name] = value
    return sent


def confirm(client, answer, **changes):
    """Press the button of a confirmation page that a POST answered with."""
    sent = changed(fields(answer.text, "confirmed"), changes)
    return client.post(answer.request.path, data=sent)
