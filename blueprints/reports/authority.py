"""Reports over all providers or some of them, for officers."""

from blueprints.reports import screens

routes = screens.build("authority")
