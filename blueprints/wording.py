"""The authority's own words for labels on which the guides differ, and texts that officers write as plain lines.

`term("Client")` gives what the authority calls it. Only labels of the portal go through it, never what people entered.
"""

from __future__ import annotations

from flask import g
from markupsafe import Markup, escape

# Labels as the portal has them, and the setting that holds the authority's own; empty keeps the portal's (Z-06).
LABELS = {
    "Client": "word_client",
    "client": "word_client",
    "Clients": "word_clients",
    "clients": "word_clients",
    "clients’": "word_clients",
    "Actuals/Visits": "word_visits",
    "Care package line items": "word_packages",
    "Care Package Line Items": "word_packages",
    "Scheduled payments": "word_payments",
    "Scheduled Payments": "word_payments",
    "POs": "word_orders",
    "Purchase orders": "word_orders",
    "Purchase Orders": "word_orders",
    "Include Historical": "word_historical",
}


def term(label: str) -> str:
    """What the authority calls this; the label itself where it has no word of its own."""
    name = LABELS.get(label)
    settings = g.get("settings") if name else None
    own = getattr(settings, name) if settings is not None else ""
    if not own:
        return label
    if label[:1].islower():
        own = own[:1].lower() + own[1:]
    return f"{own}’" if label.endswith("’") else own


def paragraphs(text: str) -> Markup:
    """A text of plain lines as HTML: blank lines part paragraphs, `# ` begins a heading, `- ` a point of a list."""
    made = []
    for block in "\n".join(line.rstrip() for line in text.splitlines()).split("\n\n"):
        lines = [line for line in block.split("\n") if line]
        while lines and lines[0].startswith("# "):
            made.append(Markup('<h2 class="govuk-heading-m">{}</h2>').format(lines.pop(0)[2:]))
        if lines and all(line.startswith("- ") for line in lines):
            points = Markup("").join(Markup("<li>{}</li>").format(line[2:]) for line in lines)
            made.append(Markup('<ul class="govuk-list govuk-list--bullet">{}</ul>').format(points))
        elif lines:
            words = Markup("<br>").join(escape(line) for line in lines)
            made.append(Markup('<p class="govuk-body">{}</p>').format(words))
    return Markup("\n").join(made)
