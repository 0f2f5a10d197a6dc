"""The demonstration's cast, the same as the tests'."""

PASSWORD = "Demo-portal-1"

# Shown on the sign-in page of a demonstration: e-mail address, and who it is.
LOGINS = [
    ("finance@oakfield.example", "finance of Oakfield Home Care, paid on visits"),
    ("manager@oakfield.example", "manager of Oakfield Home Care"),
    ("finance@brookhouse.example", "finance of Brookhouse, residential, paid on plan"),
    ("manager@harbour.example", "manager of Harbour Supported Housing"),
    ("officer@authority.example", "officer of the local authority"),
]
