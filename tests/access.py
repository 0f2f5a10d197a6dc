"""The access table: endpoint to (method and address, statuses of PEOPLE in order).

Addresses are filled from the cast. 303 signed out is the way to sign-in; 404 is what the wrong door and somebody
else's rows look like; 403 is an act that is not permitted; 400 and 422 are answers to a form that says nothing.
"""

# nobody, the owner, a colleague, an outsider, an officer with every role, an officer who may only read
PEOPLE = (None, "finance", "manager", "outsider", "officer", "reader")

ALL = "200 200 200 200 200 200"
PROVIDER = "303 200 200 200 404 404"
OWNER = "303 200 200 404 404 404"
NOTHING = "303 404 404 404 404 404"
OFFICER = "303 404 404 404 200 200"

TABLE: dict[str, tuple[str, str]] = {
    "public.settings.theme": ("GET /theme-none.css", "404 404 404 404 404 404"),
    "public.accounts.sign_in": ("GET /login", "200 303 303 303 303 303"),
    "public.accounts.sign_out": ("POST /logout", "303 303 303 303 303 303"),
    "public.accounts.set_password": ("GET /set-password/none", "410 410 410 410 410 410"),
    "public.home.index": ("GET /", "200 303 303 303 303 303"),
    "public.home.help_index": ("GET /help", ALL),
    "public.home.privacy": ("GET /privacy", ALL),
    "public.home.accessibility": ("GET /accessibility", ALL),
    "public.home.whats_new": ("GET /whats-new", ALL),
    "public.home.health": ("GET /healthz", ALL),
    "provider.home.index": ("GET /provider/", PROVIDER),
    "provider.home.help_index": ("GET /provider/help", PROVIDER),
    "provider.home.help_page": ("GET /provider/help/visits", PROVIDER),
    "provider.visits.index": ("GET /provider/visits", "303 200 200 404 404 404"),
    "provider.visits.show": ("GET /provider/visits/999999", NOTHING),
    "provider.visits.deletion": ("GET /provider/visits/999999/deletion", NOTHING),
    "provider.visits.delete": ("POST /provider/visits/999999/deletion", NOTHING),
    "provider.packages.index": ("GET /provider/packages", PROVIDER),
    "provider.packages.show": ("GET /provider/packages/{cast.package.id}", OWNER),
    "provider.reports.commissioned_care": ("GET /provider/commissioned-care", PROVIDER),
    "provider.payments.index": ("GET /provider/payments", PROVIDER),
    "provider.payments.show": ("GET /provider/payments/contracts/{cast.dapl.id}/periods/{cast.periods[0].id}", OWNER),
    "provider.payments.week": ("GET /provider/payments/packages/{cast.package.id}/weeks/2026-10-05", OWNER),
    "provider.remittances.show": (
        "GET /provider/remittances/contracts/{cast.dapl.id}/periods/{cast.periods[0].id}",
        OWNER,
    ),
    "authority.home.index": ("GET /authority/", OFFICER),
    "authority.home.help_index": ("GET /authority/help", OFFICER),
}
