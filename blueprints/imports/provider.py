"""A provider's imports: visits and carers."""

from blueprints.imports import screens
from blueprints.permissions import Can

routes = screens.build("provider", see=Can.SEE_OWN, send=Can.SEND_VISITS)
