"""The press that turns keyboard shortcuts off or on."""

from __future__ import annotations

from wtforms import HiddenField

from forms.base import PortalForm


class ShortcutsForm(PortalForm):
    """On or off."""

    shortcuts = HiddenField()
