"""What every answer fetched in any test must hold: valid HTML, one h1, a title, labels, unique ids, and no write."""

from __future__ import annotations

import re
from collections import Counter

import html5lib
from flask.testing import FlaskClient

from blueprints.history import SEEING

WRITES = re.compile(r"\s*(insert|update|delete|create|drop|alter|truncate|copy)\b", re.IGNORECASE)
# html5lib is older than these parts of the standard.
KNOWN = {"unexpected-start-tag-implies-end-tag"}


class CheckedClient(FlaskClient):
    """A browser that looks at every page it gets."""

    check = True

    def open(self, *args, **kwargs):
        """Fetch, then check."""
        method = (kwargs.get("method") or "GET").upper()
        guard = NoWrites(self.application) if method in ("GET", "HEAD") else None
        try:
            response = super().open(*args, **kwargs)
        finally:
            if guard:
                guard.done()
        if self.check and response.mimetype == "text/html" and not response.is_streamed and method != "HEAD":
            environ = response.request.environ
            check_page(
                response.get_data(as_text=True),
                whole=environ.get("HTTP_HX_REQUEST") != "true",
                where=response.request.path,
            )
        if response.mimetype == "text/html":
            assert response.headers["Cache-Control"] == "no-store", response.request.path
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        return response


class NoWrites:
    """While it stands, a statement that writes fails the test, but within history.seen()."""

    def __init__(self, app):
        import database
        from models import db

        self.db = database.real(db)
        self.original = self.db.execute_sql

        def execute_sql(sql, *args, **kwargs):
            if WRITES.match(sql) and not SEEING.get():
                raise AssertionError(f"a GET wrote: {sql[:120]}")
            return self.original(sql, *args, **kwargs)

        self.db.execute_sql = execute_sql

    def done(self) -> None:
        """Let writes pass again."""
        self.db.__dict__.pop("execute_sql", None)


def container_of(text: str) -> str:
    """What a fragment stands in: rows in a table, anything else in a block."""
    first = re.match(r"\s*<(\w+)", text)
    return {"tr": "tbody", "tbody": "table", "td": "tr"}.get(first[1] if first else "", "div")


def check_page(text: str, whole: bool = True, where: str = "") -> None:
    """The page is valid and whole; says what is not."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(text) if whole else parser.parseFragment(text, container=container_of(text))
    errors = [(place, code, data) for place, code, data in parser.errors if code not in KNOWN]
    assert not errors, f"{where}: {errors[:3]} near {[text.splitlines()[p[0][0] - 1][:160] for p in errors[:3]]}"
    ids = Counter(e.get("id") for e in tree.iter() if isinstance(e.tag, str) and e.get("id"))
    twice = [i for i, n in ids.items() if n > 1]
    assert not twice, f"{where}: ids used twice: {twice}"
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        bad = [a for a in element.attrib if a == "style" or a.startswith("on")]
        assert not bad, f"{where}: inline {bad} on {element.tag}"
        assert element.tag != "style", f"{where}: inline style"
        assert element.get("action") != "", f"{where}: a form without an address"
        assert not (element.tag == "script" and not element.get("src")), f"{where}: inline script"
        for name in ("aria-labelledby", "aria-describedby", "for"):
            for target in (element.get(name) or "").split():
                assert target in ids or not whole, f"{where}: {name}={target} points nowhere"
        if element.tag == "img":
            assert element.get("alt") is not None, f"{where}: a picture without alt"
    check_labels(tree, where)
    if whole:
        heads = list(tree.iter("h1"))
        assert len(heads) == 1, f"{where}: {len(heads)} h1"
        heading = " ".join("".join(heads[0].itertext()).split())
        title = " ".join((tree.findtext(".//title") or "").split()).removeprefix("Error: ")
        assert heading and title.startswith(heading), f"{where}: title {title!r}, h1 {heading!r}"


def check_labels(tree, where: str) -> None:
    """Every control has a name."""
    labelled = {e.get("for") for e in tree.iter("label")}
    wrapped = {id(c) for e in tree.iter("label") for c in e.iter() if isinstance(c.tag, str)}
    for element in tree.iter():
        if element.tag not in ("input", "select", "textarea") or element.get("type") in ("hidden", "submit", "button"):
            continue
        named = (
            element.get("id") in labelled
            or id(element) in wrapped
            or element.get("aria-label")
            or element.get("aria-labelledby")
        )
        assert named, f"{where}: no label for {element.attrib}"
    for element in tree.iter("button"):
        assert "".join(element.itertext()).strip() or element.get("aria-label"), f"{where}: a button without words"
    for element in tree.iter("a"):
        assert "".join(element.itertext()).strip() or element.get("aria-label"), f"{where}: a link without words"
