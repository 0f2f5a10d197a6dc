"""The documents are complete: every command, setting, role, file, word and catalogue row is in them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from blueprints import permissions
from blueprints.imports import rules as imports
from blueprints.reports import dumps
from blueprints.settings.rules import SPECS
from upkeep import documents

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
FILES, SETTINGS, GLOSSARY, FEATURES = (
    (DOCS / f"{n}.md").read_text() for n in ("files", "settings", "glossary", "features")
)
IDS = (ROOT / "tests" / "catalogue_ids.txt").read_text().split()


def python_files() -> list[Path]:
    """The program's own Python files."""
    top = [p for p in ROOT.glob("*.py")]
    folders = ("blueprints", "forms", "migrations", "upkeep", "demonstration")
    return top + [p for folder in folders for p in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("page", ["files", "settings"])
def test_what_the_code_says_is_up_to_date(app, page):
    text = (DOCS / f"{page}.md").read_text()
    assert documents.renewed(text) == text, "run: python -m upkeep.documents"


def test_every_setting_of_the_environment_is_described():
    read = {"PORT"}
    for path in python_files():
        read |= set(re.findall(r"PORTAL_[A-Z_]+", path.read_text()))
    for name in sorted(read):
        assert f"| `{name}` |" in SETTINGS, name


def test_every_setting_of_the_authority_and_role_is_described():
    for name in SPECS:
        assert f"`{name}`" in SETTINGS, name
    for role, acts in permissions.ROLES.items():
        assert re.search(rf"^\| {role} \|", SETTINGS, re.MULTILINE), role
        for act in acts:
            assert act.value in SETTINGS, act


def test_every_command_is_described(app):
    host = (DOCS / "host.md").read_text()
    for name in app.cli.commands:
        assert f"`{name}" in FILES, name
    for name in ("backup", "restore", "snapshot", "check"):
        assert f"flask --app app {name}" in host, name


def test_every_file_is_described_column_by_column():
    for kind in imports.KINDS.values():
        assert f"### `{kind.name}`" in FILES
        for column in kind.importer.COLUMNS:
            assert f"| `{column.name}` |" in FILES, f"{kind.name} {column.name}"
    for kind in dumps.KINDS:
        assert f"| `{kind}` |" in FILES


def test_every_make_target_is_described():
    text = (ROOT / "README.md").read_text() + (DOCS / "developer.md").read_text()
    for target in ("run", "test", "lint", "bench", "format", "lock", "test-sqlite"):
        assert f"make {target}" in text, target
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z-]+) ", text)) & {
        "run",
        "test",
        "lint",
        "bench",
        "format",
        "lock",
        "setup",
    }:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


WORDS = [
    "authority", "LA", "officer", "provider", "organisation", "service", "client", "SSRef", "service level", "CPLI",
    "package", "contract type", "LWAH", "DAPL", "APL", "HTLAH", "Spot", "pricing basis", "actual", "frustrated", "missed",
    "extra", "visit", "DHS", "DHF", "C24", "intermittent", "payment period", "current", "finalises", "adjustment",
    "remittance advice", "purchase order", "PO", "one-off claim", "hospital incentive", "dispute", "action",
    "change request", "contract document", "QAF", "PI", "KPI", "SPI", "LPI", "PDI", "PLR", "service group class",
    "cost centre", "subjective", "UPRN", "USRN", "door", "act", "reach", "cast", "area", "check, take", "staging", "floor",
    "lease", "timetable", "hold", "due", "stale", "snapshot",
]  # fmt: skip


def test_the_glossary_has_every_word():
    for word in WORDS:
        assert re.search(rf"\b{re.escape(word)}\b", GLOSSARY), word


def test_abbreviations_that_pages_show_are_in_the_glossary():
    shown: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", path.read_text(), flags=re.DOTALL)
        shown |= set(re.findall(r"\b[A-Z]{2,5}\b", text))
    everyday = {
        "CSV",
        "PDF",
        "VAT",
        "NHS",
        "HTML",
        "UTF",
        "GOV",
        "UK",
        "OK",
        "ID",
        "BACS",
        "URL",
        "GUID",
        "NI",
        "WCAG",
        "GDS",
        "MB",
    }
    everyday |= {
        "AND",
        "OF",
        "PNG",
        "JPEG",
        "ZIP",
        "CURRENT",
        "FINALISED",
        "AA",
        "XLSX",
        "DD",
        "MM",
        "YYYY",
        "HH",
        "SS",
    }
    missing = {word for word in shown - everyday if not re.search(rf"\b{word}\b", GLOSSARY)}
    assert not missing, f"add to docs/glossary.md: {sorted(missing)}"


def test_features_has_every_row_of_the_catalogue_once():
    assert len(IDS) == len(set(IDS)) == 642
    assert [row[0] for row in documents.ROW.findall(FEATURES)] == IDS
    states = {row[1] for row in documents.ROW.findall(FEATURES)}
    assert all(re.fullmatch(r"done|not yet|done by rule \d+\.\d+", state) for state in states)


def test_done_rows_and_marks_agree():
    rows = {row[0]: row for row in documents.ROW.findall(FEATURES)}
    marks = documents.marked()
    done = {ident for ident, state, *_ in rows.values() if state.startswith("done")}
    assert set(marks) <= set(IDS), f"no such rows: {sorted(set(marks) - set(IDS))}"
    assert not set(marks) - done, f"marked but not done: {sorted(set(marks) - done)}; run: python -m upkeep.documents"
    assert not done - set(marks), f"done in docs/features.md but no test is marked: {sorted(done - set(marks))}"
    for ident in done:
        named = re.findall(r"tests/[\w/]+\.py", rows[ident][3])
        assert named, f"{ident}: name its test"
        assert set(named) & marks[ident], f"{ident}: {named} is not marked with it"
        for where in re.findall(r"[\w/]+\.(?:py|html|js|css)", rows[ident][2]):
            assert (ROOT / where).exists(), f"{ident}: there is no {where}"


def test_links_between_documents_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_readme_is_one_screen():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 55


def test_migrations_import_nothing_of_the_application():
    for path in (ROOT / "migrations").glob("[0-9]*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [n.name for n in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {n.split(".")[0] for n in names} <= {"peewee", "playhouse", "datetime", "json"}, path
