"""A provider's person's own account."""

from flask import Blueprint

from blueprints.accounts import own

routes = Blueprint("accounts", __name__)
own.add(routes, "provider")
