"""docs/asvs.md has each requirement once and names only what exists; docs/security.md says what the code does."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

from blueprints import frame, sheets
from blueprints.accounts import asking, hashing, public, second, sessions, signing
from blueprints.attachments import kinds
from blueprints.reports import rules as reports
from blueprints.settings.rules import SPECS
from models import TABLES
from upkeep import bill

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "asvs.md").read_text()
SECURITY = (ROOT / "docs" / "security.md").read_text()
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([\w ]+) \| (.+?) \|(?: (.*?) \|)?$", re.MULTILINE)
NAMED = re.compile(r"`([\w./-]+\.(?:py|md|js|css|txt|toml)|\.dockerignore)(?:[:#]([\w-]+))?`")
# The requirements of levels 1 and 2 that apply, by section (ASVS 5.0.0).
SECTIONS = {
    "1.1": "1 2", "1.2": "1 2 3 4 5 9", "1.3": "1 2 3 4 5 6 7 10 11", "1.4": "2", "1.5": "1 2", "2.1": "1 2 3",
    "2.2": "1 2 3", "2.3": "1 2 3 4", "2.4": "1", "3.2": "1 2", "3.3": "1 2 3 4", "3.4": "1 2 3 4 5 6",
    "3.5": "1 3 4", "3.7": "1 2", "4.1": "1 2 3", "4.2": "1", "5.1": "1", "5.2": "1 2 3", "5.3": "1 2",
    "5.4": "1 2 3", "6.1": "1 2 3", "6.2": "1 2 3 4 5 6 7 8 9 10 11 12", "6.3": "1 2 3 4", "6.4": "1 2 3 4",
    "6.5": "1 2 3 4 5", "6.6": "2 3", "6.8": "1 2 4", "7.1": "1 2 3", "7.2": "1 2 3 4", "7.3": "1 2",
    "7.4": "1 2 3 4 5", "7.5": "1 2", "7.6": "1 2", "8.1": "1 2", "8.2": "1 2 3", "8.3": "1", "8.4": "1",
    "9.1": "1 2 3", "9.2": "1 2 3", "11.1": "1 2", "11.2": "1 2 3", "11.3": "1 2 3", "11.4": "1 2 3 4", "11.5": "1",
    "12.1": "1 2", "12.2": "1 2", "12.3": "1 2", "13.1": "1", "13.2": "1 2 3 4 5", "13.3": "1 2", "13.4": "1 2 3 4 5",
    "14.1": "1 2", "14.2": "1 2 3 4", "14.3": "1 2 3", "15.1": "1 2 3", "15.2": "1 2 3", "15.3": "1 2 3 4 5 6 7",
    "16.1": "1", "16.2": "1 2 3 4 5", "16.3": "1 2 3 4", "16.4": "1 2 3", "16.5": "1 2 3",
}  # fmt: skip


def rows() -> list[tuple[str, str, str, str]]:
    """Each requirement: its id, state, what meets it, what shows it."""
    return ROW.findall(PAGE)


def test_every_requirement_stands_once():
    wanted = {f"{section}.{number}" for section, numbers in SECTIONS.items() for number in numbers.split()}
    found = [ident for ident, *_ in rows()]
    assert len(wanted) == 195 and set(found) == wanted and len(found) == 195
    assert len(re.findall(r"^\| \d", PAGE, re.MULTILINE)) == 195, "a row that is not read"


@lru_cache
def names_of(path: Path) -> frozenset[str]:
    """What a Python file defines at its top, and the methods of its classes; the headings of a page as links have them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        return frozenset(re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads)
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return frozenset(found)


def test_what_is_named_exists():
    missing = []
    for page in (PAGE, SECURITY):
        for where, name in NAMED.findall(page):
            path = ROOT / where
            if not path.is_file() or (name and name not in names_of(path)):
                missing.append(f"{where}:{name}")
    assert not missing


def test_every_state_has_what_it_needs():
    wrong = []
    for ident, state, words, shown in rows():
        tests = [where for where, name in NAMED.findall(shown) if where.startswith("tests/") and name]
        pages = [where for where, _ in NAMED.findall(words) if where.startswith("docs/")]
        fine = {
            "met": bool(tests or pages),
            "host": "docs/host.md" in pages,
            "does not apply": len(words) > 15,
            "not yet": len(words) > 40,
        }
        if not fine.get(state):
            wrong.append(f"{ident} {state}")
        if shown and not tests:
            wrong.append(f"{ident} shown by no test: {shown}")
    assert not wrong


# docs/security.md ------------------------------------------------------------------------------------------------------


def said(heading: str) -> str:
    """One section of the page."""
    return SECURITY.split(f"## {heading}\n")[1].split("\n## ")[0]


def test_the_documented_limits_are_those_of_the_code(app):
    default = {name: spec.default for name, spec in SPECS.items()}
    tries, uploads, rest = said("Limits against trying out"), said("Uploads"), said("What input must be")
    for words in (
        f"| {default['lock_after']} (setting) | locked for {default['lock_minutes']} minutes",
        f"| {public.MOST_FROM_ONE_ADDRESS} in a quarter",
        f"| {asking.MOST_FOR_ONE} for one address, {asking.MOST_FROM_ONE_ADDRESS} from one place",
        f"good for {second.LETTER_MINUTES} minutes", f"| {sessions.STEPS_MINUTES} minutes |", f"| {frame.MOST_FILES} in a quarter",
    ):  # fmt: skip
        assert words in tries, words
    assert signing.WINDOW_SECONDS == frame.FILES_WITHIN.total_seconds() == 15 * 60
    kept = said("Sessions")
    assert (
        f"{default['sign_in_minutes']} minutes\nwithout" in kept and f"after {default['sign_in_hours']}\nhours" in kept
    )
    for words in (
        f"{default['most_megabytes']} MB, {default['most_rows']:,} rows, {default['longest_line_kb']} kB",
        f"| {default['file_megabytes']} MB (setting)", f"{kinds.MOST_UNPACKED >> 20} MB, {kinds.MOST_PARTS:,} parts",
        f"over {kinds.MOST_RATIO} times, {kinds.MOST_PIXELS // 10**6} million pixels",
    ):  # fmt: skip
        assert words in uploads, words
    for kind in kinds.KINDS.values():
        assert kind.words.split()[0].lower() in uploads.lower(), kind.words
    assert (
        f"{app.config['MAX_CONTENT_LENGTH'] >> 20} MB, of which {app.config['MAX_FORM_MEMORY_SIZE'] >> 20} MB" in rest
    )
    assert f"{app.config['MAX_FORM_PARTS']:,} fields" in rest and f"a PDF {reports.MOST_PDF:,} rows" in rest
    assert default["most_megabytes"] << 20 == sheets.MAX_BYTES
    assert f"{default['password_length']} to {hashing.LONGEST} characters" in said("Passwords")


def test_every_event_is_in_the_inventory():
    events = set()
    for path in (ROOT / "blueprints").rglob("*.py"):
        events |= set(re.findall(r"(?:events\.|\s)note\(\s*\"([^\"]+)\"", path.read_text()))
        events |= set(re.findall(r"events\.note\(\"[^\"]+\" if \w+ else \"([^\"]+)\"", path.read_text()))
    assert len(events) > 8
    for event in events:
        assert f"`{event}`" in said("The log"), event


def test_every_table_has_its_class():
    lines = [line for line in said("What is personal").splitlines() if line.startswith("| ")]
    named = [name for line in lines[1:] for name in re.findall(r"`(\w+)`", line.split("|")[2])]
    assert len(named) == len(set(named)), "a table twice"
    assert set(named) == {table._meta.table_name for table in TABLES}


def test_the_bill_names_every_package_with_its_hashes():
    made = bill.bill("1")
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert {c["name"] for c in made["components"]} == {*pinned, "govuk-frontend", "htmx.org"}
    assert all(c["hashes"] and c["version"] and c["purl"] for c in made["components"])
    assert made["components"] == bill.bill("1")["components"]
