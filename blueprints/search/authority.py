"""Search at the authority's door."""

from blueprints.search import screens

routes = screens.build("authority")
