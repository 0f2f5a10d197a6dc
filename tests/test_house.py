"""The house's own rules, said once as tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from blueprints import permissions, sides

ROOT = Path(__file__).parent.parent
AREAS = sides.AREAS
PYTHON = [p for p in (ROOT / "blueprints").rglob("*.py")]


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {n.name for n in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{n.name}" for n in node.names}
    return found


NO_HTTP = [
    p
    for p in PYTHON
    if p.name in ("rules.py", "report.py", "sums.py", "plan.py", "assign.py") or p.name.endswith("importer.py")
]


@pytest.mark.parametrize("path", NO_HTTP, ids=lambda p: str(p.relative_to(ROOT)))
def test_rules_know_no_http(path):
    assert not {m for m in imports_of(path) if m.split(".")[0] in ("flask", "forms", "werkzeug", "flask_wtf")}


def test_an_area_imports_only_the_rules_of_earlier_areas():
    wrong = []
    for path in PYTHON:
        area = path.relative_to(ROOT / "blueprints").parts[0]
        if area not in AREAS or path.name in ("provider.py", "authority.py", "public.py", "screens.py"):
            continue
        if "flask" in imports_of(path):
            continue  # it belongs to a door
        for module in imports_of(path):
            parts = module.split(".")
            if parts[:2] == ["blueprints", "imports"] and path.name.endswith("importer.py"):
                continue  # an importer is a door for files, and imports are the door's frame
            if parts[0] == "blueprints" and len(parts) > 1 and parts[1] in AREAS:
                other = parts[1]
                if other != area and AREAS.index(other) > AREAS.index(area):
                    wrong.append(f"{path.relative_to(ROOT)} imports {module}")
                if other != area and len(parts) > 2 and parts[2] in ("provider", "authority", "public"):
                    wrong.append(f"{path.relative_to(ROOT)} imports the routes {module}")
    assert not wrong


def test_models_import_nothing_of_ours():
    ours = {"blueprints", "forms", "app", "database", "tasks", "commands"}
    assert not {m for m in imports_of(ROOT / "models.py") if m.split(".")[0] in ours}


def test_only_pages_reads_the_headers_of_htmx():
    found = [
        p for p in [*PYTHON, ROOT / "app.py"] if re.search(r"headers\W+(get\()?.?HX-", p.read_text(encoding="utf-8"))
    ]
    assert [p.name for p in found if "pages.py" not in p.name] == []


def test_every_area_says_what_it_is():
    for area in AREAS:
        text = (ROOT / "blueprints" / area / "__init__.py").read_text(encoding="utf-8")
        assert text.startswith('"""') and len(text.splitlines()) < 6


def test_every_route_declares_its_act(app):
    bare = [
        r.endpoint
        for r in app.url_map.iter_rules()
        if r.endpoint != "static" and permissions.act_of(r.endpoint) is permissions.UNDECLARED
    ]
    assert not bare


def test_a_route_that_declares_nothing_is_forbidden(app, client, cast):
    view = app.view_functions["provider.home.help_index"]
    act = view.__dict__.pop("act")
    try:
        assert cast.sign_in(client, cast.finance).get("/provider/help").status_code == 403
    finally:
        view.act = act


def test_addresses_are_kebab_case(app):
    for rule in app.url_map.iter_rules():
        plain = re.sub(r"<[^>]*>", "", rule.rule)
        assert re.fullmatch(r"[a-z0-9./-]*", plain), rule.rule


def test_every_template_compiles(app):
    for name in app.jinja_env.list_templates(extensions=["html", "txt"]):
        if not name.startswith("govuk_frontend"):
            app.jinja_env.get_template(name)


def test_fragments_are_named_like_their_regions(app):
    """A region that htmx swaps is a block of the same page, whose first element has its id (architecture, Pages)."""
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for block in re.findall(r"{%-? block (\w+_(?:table|pane|progress|region)) -?%}", text):
            included = re.search(rf"block {block} -?%}}\s*{{%-? include \"([^\"]+)\"", text)
            where = (ROOT / "templates" / included[1]).read_text(encoding="utf-8") if included else text
            assert f'id="{block.replace("_", "-")}"' in where or "ui.progress" in where, f"{path.name}: block {block}"


def test_autoescape_is_on(app):
    assert app.jinja_env.autoescape is True or app.jinja_env.autoescape("x.html")
    for path in (ROOT / "templates").rglob("*.html"):
        if path.name == "icon.html":  # our own drawings
            continue
        assert "|safe" not in path.read_text(encoding="utf-8").replace(" ", ""), path


def test_headers_of_a_personal_page(client, cast):
    answer = cast.sign_in(client, cast.finance).get("/provider/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_public_functions_have_docstrings():
    bare = []
    for path in PYTHON:
        if path.name in ("errors.py",):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                bare.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert not bare
