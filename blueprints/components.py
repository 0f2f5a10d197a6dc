"""The component kit: every macro of templates/components/ as `ui.<macro>`, and what macros and layouts need beside it.

The kit is a Jinja global because a block that is rendered alone does not see what its template imports at its top.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, nodes
from markupsafe import Markup, escape

from blueprints import wording

STATIC = Path(__file__).parent.parent / "static"


# Components that pages of every day draw, the same for the same words: drawn once.
PURE = {"calendar", "tag", "reason", "remark"}


def _kept(macro: Any) -> Any:
    """The macro, its texts kept; what cannot be a key is drawn anew."""
    known = lru_cache(maxsize=1000)(macro)

    def kept(*args: Any, **kwargs: Any) -> Markup:
        try:
            return known(*args, **kwargs)
        except TypeError:  # a list or a dict among the arguments
            return macro(*args, **kwargs)

    return kept


class Kit:
    """Gives each macro by its name, wherever among the component files it is written."""

    def __init__(self, env: Environment):
        self._env = env
        self._files: dict[str, str] = {}
        for file in env.list_templates(extensions=["html"]):
            if not file.startswith("components/"):
                continue
            source, _, _ = env.loader.get_source(env, file)  # type: ignore[union-attr]
            for macro in env.parse(source).find_all(nodes.Macro):
                if macro.name.startswith("_"):
                    continue
                if macro.name in self._files:
                    raise ValueError(f"macro {macro.name} is in {self._files[macro.name]} and in {file}")
                self._files[macro.name] = file

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._files:
            raise AttributeError(f"no component {name}")
        macro = getattr(self._env.get_template(self._files[name]).module, name)
        if name in PURE:
            macro = _kept(macro)
        if not self._env.auto_reload:
            setattr(self, name, macro)
        return macro

    def __iter__(self):
        return iter(sorted(self._files))


def query(**changes: Any) -> str:
    """This page's query with some values changed: `query(page=2)` keeps the filter. None and "" take a value away."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes and value != ""]
    for name, value in changes.items():
        if isinstance(value, (list, tuple)):
            kept += [(name, one) for one in value]
        elif value is not None and value != "":
            kept.append((name, value))
    return "?" + urlencode(kept)


def drawn(pattern: str | Mapping[str, str], rows: Iterable[tuple], **words: Mapping) -> Markup:
    """Rows of a long table from one pattern of HTML with `{name}` where a field of the row (a named tuple) goes.

    Where headings stand among the rows, a pattern for each kind: `drawn({"Heading": …, "Row": …}, rows)`.
    What is no Markup is escaped. `words` gives for a field the texts that stand for its values: `status=tags`.
    A loop in the template says the same and takes six times as long, since it escapes and hands on each cell by itself.
    """
    made, kind, known = [], None, {}
    for row in rows:
        if type(row) is not kind:
            kind = type(row)
            if kind not in known:
                found = pattern if isinstance(pattern, str) else pattern[kind.__name__]
                known[kind] = _pattern(found, kind, tuple(words))
            text, fields, at = known[kind]
        cells = list(fields(row))
        for place, field, name in at:
            cells[place] = words[name][row[field]]
        told = "".join([str(cell) for cell in cells if cell.__class__ not in SAFE])
        if SPECIAL(told):  # few rows have anything to escape
            cells = [cell if cell.__class__ in SAFE else escape(cell) for cell in cells]
        made.append(text % tuple(cells))
    return Markup("\n".join(made))


SAFE = (Markup, int)
SPECIAL = re.compile("[&<>\"']").search


@lru_cache(maxsize=200)
def _pattern(pattern: str, kind: type, words: tuple[str, ...]) -> tuple[str, itemgetter, list[tuple[int, int, str]]]:
    """A pattern as a text with `%s`, what takes its fields from a row of this kind, and which of them are words."""
    parts = re.split(r"\{(\w+)\}", str(pattern).strip())
    names = parts[1::2]
    places = [kind._fields.index(name) for name in names]  # type: ignore[attr-defined]
    fields = itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
    at = [(place, places[place], name) for place, name in enumerate(names) if name in words]
    return "%s".join(part.replace("%", "%%") for part in parts[::2]), fields, at


def theme(colour: str | None, text_colour: str | None) -> tuple[str, str]:
    """The portal's style sheet in the authority's colours, and the hash that its address carries."""
    return _theme(colour, text_colour, (STATIC / "portal.css").stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _theme(colour: str | None, text_colour: str | None, _changed: int) -> tuple[str, str]:
    """The portal's style sheet in the authority's colours, and the hash that its address carries.

    Served as one sheet, since a second request for two lines would cost a slow line more than the bytes.
    A colour that is not six hexadecimal digits is left out, so that the default shows.
    """
    pairs = (("--authority-colour", colour), ("--authority-text", text_colour))
    lines = [f"{name}:{value}" for name, value in pairs if value and re.fullmatch(r"#[0-9a-fA-F]{6}", value)]
    sheet = (STATIC / "portal.css").read_text(encoding="utf-8") + (":root{" + ";".join(lines) + "}\n" if lines else "")
    return hashlib.sha256(sheet.encode()).hexdigest()[:12], sheet


def register(app: Flask) -> None:
    """Makes `ui` and `query` known to every template, and GOV.UK's own templates findable."""
    packages = PrefixLoader({name: PackageLoader(name) for name in ("govuk_frontend_jinja", "govuk_frontend_wtf")})
    app.jinja_loader = ChoiceLoader([one for one in (app.jinja_loader, packages) if one])
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(query=query, drawn=drawn, term=wording.term)
    app.jinja_env.filters["paragraphs"] = wording.paragraphs
    app.jinja_env.globals["ui"] = Kit(app.jinja_env)
