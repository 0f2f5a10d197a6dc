"""The box that stands on every page."""

from __future__ import annotations

from forms.base import CleanForm
from forms.fields import SearchField


class SearchForm(CleanForm):
    """What is looked for."""

    words = SearchField("Search")
