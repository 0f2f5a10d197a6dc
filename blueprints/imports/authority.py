"""The authority's own imports, and the log of everybody's."""

from blueprints.imports import screens
from blueprints.permissions import Can

routes = screens.build("authority", see=Can.SEE_RECORDS, send=Can.LOAD_FILES)
