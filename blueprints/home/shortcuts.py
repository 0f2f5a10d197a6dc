"""Each person turns the keyboard's shortcuts off and on for oneself (WCAG 2.1.4), from the help pages."""

from __future__ import annotations

from flask import abort, flash, g, url_for

from blueprints.pages import go
from forms.home import ShortcutsForm
from models import User, db


def save(side: str):
    """Save what was pressed, and go back to the help."""
    form = ShortcutsForm()
    if not form.validate_on_submit() or form.shortcuts.data not in ("on", "off"):
        abort(400)
    wanted = form.shortcuts.data == "on"
    with db.atomic():
        User.update(shortcuts=wanted).where(User.id == g.user.id).execute()
    flash(f"Keyboard shortcuts are {'on' if wanted else 'off'}.", "success")
    return go(url_for(f"{side}.home.help_index"))
