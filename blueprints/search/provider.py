"""Search at the provider's door."""

from blueprints.search import screens

routes = screens.build("provider")
