"""The access table: endpoint to (method and address, statuses of PEOPLE in order).

Addresses are filled from the cast. 303 signed out is the way to sign-in; 404 is what the wrong door and somebody
else's rows look like; 403 is an act that is not permitted; 400 and 422 are answers to a form that says nothing.
"""

# nobody, the owner, a colleague, an outsider, an officer with every role, an officer who may only read
PEOPLE = (None, "finance", "manager", "outsider", "officer", "reader")

ALL = "200 200 200 200 200 200"
PROVIDER = "303 200 200 200 404 404"
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
    "authority.home.index": ("GET /authority/", OFFICER),
    "authority.home.help_index": ("GET /authority/help", OFFICER),
    # the authority's half of visits and payments
    "authority.home.help_page": ("GET /authority/help/payments", OFFICER),
    "authority.home.deaths": ("GET /authority/deaths", OFFICER),
    "authority.jobs.index": ("GET /authority/jobs", OFFICER),
    "authority.jobs.again": ("POST /authority/jobs/0/repetition", "303 404 404 404 404 403"),
    "authority.audit.index": ("GET /authority/audit", "303 404 404 404 200 403"),
    "authority.visits.index": ("GET /authority/visits", OFFICER),
    "authority.visits.unmatched": ("GET /authority/visits/unmatched", OFFICER),
    "authority.visits.show": ("GET /authority/visits/0", "303 404 404 404 404 404"),
    "authority.visits.deletion": ("GET /authority/visits/0/deletion", "303 404 404 404 404 403"),
    "authority.visits.delete": ("POST /authority/visits/0/deletion", "303 404 404 404 404 403"),
    "authority.periods.index": ("GET /authority/periods", OFFICER),
    "authority.periods.calculate": ("POST /authority/periods/calculations", "303 404 404 404 303 403"),
    "authority.periods.calculation": ("GET /authority/periods/calculations/0", "303 404 404 404 404 404"),
    "authority.periods.show": ("GET /authority/periods/{cast.periods[0].id}", OFFICER),
    "authority.periods.payments_csv": ("GET /authority/periods/{cast.periods[0].id}/payments.csv", OFFICER),
    "authority.periods.lines": ("GET /authority/periods/{cast.periods[0].id}/contracts/{cast.dapl.id}", OFFICER),
    "authority.periods.confirm": ("GET /authority/periods/{cast.periods[0].id}/finalisations/new", "303 404 404 404 200 403"),
    "authority.periods.finalise": ("POST /authority/periods/{cast.periods[0].id}/finalisations", "303 404 404 404 422 403"),
    "authority.periods.finalising_page": ("GET /authority/periods/{cast.periods[0].id}/finalisations/0", "303 404 404 404 404 404"),
    "authority.payments.show": ("GET /authority/payments/contracts/{cast.dapl.id}/periods/{cast.periods[0].id}", "303 404 404 404 303 303"),
    "authority.payments.week": ("GET /authority/payments/packages/{cast.package.id}/weeks/2026-10-05", OFFICER),
    "authority.remittances.show": ("GET /authority/remittances/contracts/{cast.dapl.id}/periods/{cast.periods[0].id}", OFFICER),
}
