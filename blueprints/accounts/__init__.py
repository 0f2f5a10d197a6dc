"""Logins and sign-in; everybody. Tables: User, OfficerRole, OneTimeLink, SignIn, Throttle."""
