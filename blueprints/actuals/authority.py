"""Actuals in officers' hands: a provider's grid."""

from blueprints.actuals import screens
from blueprints.permissions import Can

routes = screens.build("authority", Can.SEE_RECORDS, Can.EDIT_ACTUALS)
