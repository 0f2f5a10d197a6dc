"""Writes the parts of docs/ that the code says already: `python -m upkeep.documents`. A test finds them out of date.

Such a part stands between `<!-- made from the code: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

from blueprints import permissions
from blueprints.imports import rules as imports
from blueprints.reports import dumps
from blueprints.settings.rules import SPECS

DOCS = Path(__file__).resolve().parent.parent / "docs"
PART = re.compile(r"(<!-- made from the code: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def cell(text) -> str:
    """A text in one cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(headings: list[str], rows) -> str:
    """A table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell(c) for c in line)} |\n" for line in lines)


def incoming() -> str:
    """Every file that comes in, column by column, as the importers read them."""
    parts = []
    for kind in imports.KINDS.values():
        who = "the authority" if kind.side == "authority" else "a provider"
        rows = []
        for column in kind.importer.COLUMNS:
            need = "column may be absent" if column.may_be_absent else column.need
            rows.append([f"`{column.name}`", need, column.holds, column.note])
        parts.append(f"### `{kind.name}`: {kind.title.lower()}, loaded by {who}\n\n")
        parts.append(table(["Column", "Needed", "Holds", "Note"], rows) + "\n")
    return "".join(parts)


def outgoing() -> str:
    """The headings of every file that leaves."""
    rows = [[f"`{kind}`", ", ".join(f"`{h}`" for h in dumps.make(kind, None, None, None)[0])] for kind in dumps.KINDS]
    return table(["KIND", "Columns"], rows)


def settings() -> str:
    """Every setting of the authority with its default, bounds and meaning."""
    parts = []
    for group in dict.fromkeys(spec.group for spec in SPECS.values()):
        rows = []
        for spec in SPECS.values():
            if spec.group != group:
                continue
            plain = ", ".join(map(str, spec.default)) if isinstance(spec.default, tuple) else spec.default
            default = {True: "on", False: "off", "": "empty"}.get(plain, plain)
            bounds = f"{spec.low:,} to {spec.high:,}" if spec.kind == "whole" else ", ".join(map(str, spec.choices))
            rows.append([spec.label, f"`{spec.name}`", default, bounds, spec.meaning, spec.rule])
        parts.append(f"### {group}\n\n")
        parts.append(table(["Setting", "Name", "Default", "Values", "Meaning", "Rule"], rows) + "\n")
    return "".join(parts)


def roles() -> str:
    """What each role may do."""
    rows = []
    for role, acts in permissions.ROLES.items():
        rows.append([role, "; ".join(act.value for act in permissions.Can if act in acts)])
    rows.append(["given to a provider's contact by the authority", "; ".join(act.value for act in permissions.GRANTS)])
    return table(["Role", "May"], rows)


def role_names() -> str:
    """The role names that a new portal has, and what each reaches where accessibility is limited."""
    from blueprints.contacts.roles import DEFAULT_NAMES, reaches

    rows = [
        [name, scope, reaches(scope, reaching), "only where accessibility is limited" if only else "always"]
        for name, scope, reaching, only in DEFAULT_NAMES
    ]
    return table(["Role", "Held for", "Reaches", "Offered"], rows)


def commands() -> str:
    """Every command with its options, as the command line describes them."""
    import click
    from flask import Flask

    import commands as module

    app = Flask("documents")
    module.register(app)
    rows = []

    def add(name: str, command: click.Command) -> None:
        if isinstance(command, click.Group):
            for sub, one in sorted(command.commands.items()):
                add(f"{name} {sub}", one)
            return
        words = [name]
        for p in command.params:
            if isinstance(p, click.Argument):
                words.append(p.human_readable_name if p.required else f"[{p.human_readable_name}]")
            else:
                option = p.opts[0] if getattr(p, "is_flag", False) else f"{p.opts[0]} {option_value(p)}"
                words.append(option if p.required else f"[{option}]")
        rows.append([f"`{' '.join(words)}`", (command.help or "").splitlines()[0]])

    for name, command in sorted(app.cli.commands.items()):
        if name not in ("run", "shell", "routes"):
            add(name, command)
    return table(["Command", "Does"], rows)


def option_value(option) -> str:
    """What stands after an option: DATE, REF, or its choices."""
    choices = getattr(option.type, "choices", None)
    if choices:
        return "/".join(choices)
    return "DATE" if option.type.name == "date" else {"--organisation": "REF", "--service": "REF", "--contract": "REF"}.get(
        option.opts[0], option.opts[0].removeprefix("--").upper()
    )  # fmt: skip


PARTS: dict[str, Callable[[], str]] = {
    "incoming": incoming,
    "outgoing": outgoing,
    "settings": settings,
    "roles": roles,
    "role-names": role_names,
    "commands": commands,
}


def renewed(text: str) -> str:
    """A page with its made parts as the code says them now."""
    return PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]().strip()}\n\n{found[3]}", text)


ROW = re.compile(r"^\| ([A-Z]2?-\d+) \| ([^|]*) \|([^|]*)\|([^|]*)\|$", re.MULTILINE)


def marked() -> dict[str, set[str]]:
    """The catalogue rows that tests are marked with (`@pytest.mark.feature`), each with its test files."""
    found: dict[str, set[str]] = {}
    for path in sorted((DOCS.parent / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "feature":
                for argument in node.args:
                    name = argument.value if isinstance(argument, ast.Constant) else ast.unparse(argument)
                    found.setdefault(str(name), set()).add(str(path.relative_to(DOCS.parent)))
    return found


NAMED = re.compile(r"\b([A-Z])-(\d\d)(?: to (?:\1-)?(\d\d))?")


def named() -> dict[str, str]:
    """The catalogue rows that docstrings name, each with its place: a function before a class's or a file's own words."""
    found: dict[str, tuple[int, str]] = {}
    root = DOCS.parent
    for path in sorted([*root.glob("blueprints/**/*.py"), *root.glob("forms/*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                continue
            name = getattr(node, "name", "")
            worse = 2 * isinstance(node, ast.Module) + (path.parent.name == "forms" or path.stem == "waiting")
            for letter, first, last in NAMED.findall(ast.get_docstring(node) or ""):
                for number in range(int(first), int(last or first) + 1):
                    ident = f"{letter}-{number:02}"
                    if ident not in found or worse < found[ident][0]:
                        found[ident] = worse, f"{path.relative_to(root)} {name}".strip()
    return {ident: place for ident, (_, place) in found.items()}


def features(text: str) -> str:
    """docs/features.md with state and tests as the marks say; what stands under Where is kept, or found in the code."""
    marks, places = marked(), named()

    def row(found: re.Match) -> str:
        tests = ", ".join(sorted(marks.get(found[1], ())))
        where = (found[3].strip() or places.get(found[1], "")) if tests else ""
        done = found[2].strip() if found[2].startswith("done by rule") else "done"  # a rule may overrule the row
        return f"| {found[1]} | {done if tests else 'not yet'} | {where} | {tests} |".replace("|  |", "| |").replace(
            "|  |", "| |"
        )

    return ROW.sub(row, text)


def main() -> None:
    """Renew every page."""
    for page in sorted(DOCS.glob("*.md")):
        before = page.read_text()
        after = features(before) if page.name == "features.md" else renewed(before)
        if after != before:
            page.write_text(after)
            print(f"Renewed docs/{page.name}")


if __name__ == "__main__":
    import database
    from models import db

    db.initialize(database.open_database("sqlite:////tmp/unused-by-documents.db"))
    main()
