"""A provider's own actuals: the grid of actuals.screens, and its weeks as a file."""

from blueprints.actuals import screens
from blueprints.permissions import Can

routes = screens.build("provider", Can.SEE_OWN, Can.ENTER_ACTUALS)
