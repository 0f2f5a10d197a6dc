"""The demonstration's cast, the same as the tests', and the names of its made-up people."""

from __future__ import annotations

PASSWORD = "Demo-portal-1"
SECURITY_CODE = "246810"  # asked for where that setting is on

# Shown on the sign-in page of a demonstration: e-mail address, and who it is.
LOGINS = [
    ("finance@oakfield.example", "finance of Oakfield Home Care, paid on visits"),
    ("manager@oakfield.example", "manager of Oakfield Home Care"),
    ("finance@brookhouse.example", "finance of Brookhouse, residential, paid on plan"),
    ("manager@harbour.example", "manager of Harbour Supported Housing"),
    ("books@bureau.example", "bookkeeper of Oakfield and Brookhouse, behind one sign-in"),
    ("officer@authority.example", "officer of the local authority"),
]

# Every login: e-mail address, name, the organisation's reference (none for an officer), an officer's roles.
EVERYBODY = [
    ("finance@oakfield.example", "Greta Finch", "OAK", ()),
    ("manager@oakfield.example", "Owen Marsh", "OAK", ()),
    ("finance@brookhouse.example", "Bella Stone", "BRO", ()),
    ("manager@brookhouse.example", "Desmond Hill", "BRO", ()),
    ("manager@harbour.example", "Marina Quay", "HAR", ()),
    ("finance@harbour.example", "Tom Anchor", "HAR", ()),
    ("officer@authority.example", "Amir Khan", None, ("administrator", "packages", "payments")),
    ("packages@authority.example", "Fiona Clarke", None, ("packages",)),
    ("payments@authority.example", "Priya Shah", None, ("payments",)),
    ("requests@authority.example", "Luke Barton", None, ("requests",)),
    ("quality@authority.example", "Helen Marsden", None, ("quality",)),
    ("reader@authority.example", "Rita Reed", None, ("read-only",)),
]

# Title, forename, surname; the first two are the cast's.
OAKFIELD = [
    ("Mrs", "Ann", "Archer"), ("Mr", "Bob", "O'Neill"), ("Mrs", "Edith", "Barrow"), ("Mr", "Harold", "Pike"),
    ("Miss", "Winifred", "Lark"), ("Mr", "Stanley", "Moss"), ("Mrs", "Doreen", "Fletcher"), ("Mr", "Cyril", "Webb"),
    ("Mrs", "Ivy", "Thornton"), ("Mr", "Albert", "Kerr"), ("Mrs", "Nora", "Whitaker"), ("Ms", "June", "Ashby"),
    ("Mr", "Leonard", "Croft"), ("Mrs", "Beryl", "Sands"), ("Mr", "Desmond", "Okafor"), ("Mrs", "Meena", "Patel"),
    ("Mr", "George", "Lindley"), ("Mrs", "Hilda", "Brook"), ("Mr", "Ernest", "Vale"), ("Mrs", "Joyce", "Sutton"),
    ("Mr", "Frank", "Holloway"), ("Mrs", "Marjorie", "Penn"), ("Mr", "Walter", "Grieves"), ("Mrs", "Olive", "Darnell"),
    ("Mr", "Łukasz", "Nowak"), ("Mrs", "Constance", "Eyre"),
]  # fmt: skip
BROOKHOUSE = [
    ("", "Cat", "Castle"), ("Mr", "Reginald", "Dyer"), ("Mrs", "Vera", "Hallam"), ("Mr", "Percy", "Ingram"),
    ("Mrs", "Gladys", "Monk"), ("Mrs", "Phyllis", "Carver"), ("Mr", "Norman", "Tate"), ("Mrs", "Elsie", "Rowan"),
    ("Mr", "Clifford", "Birch"), ("Mrs", "Muriel", "Hobbs"), ("Mr", "Wilfred", "Sharp"), ("Mrs", "Agnes", "Corrigan"),
    ("Mr", "Kwame", "Boateng"), ("Mrs", "Lilian", "Frost"), ("Mr", "Arthur", "Dunmore"), ("Mrs", "Ruby", "Kendall"),
    ("Mrs", "Siân", "Marlowe"), ("Mr", "Cecil", "Yates"),
]  # fmt: skip
HARBOUR = [
    ("Mr", "Jamie", "Rudd"), ("Ms", "Chloe", "Bannister"), ("Mr", "Liam", "Foster"), ("Ms", "Aisha", "Rahman"),
    ("Mr", "Kieran", "Doyle"), ("Ms", "Tanya", "Simms"), ("Mr", "Marcus", "Bell"), ("Ms", "Leah", "Underwood"),
    ("Mr", "Ryan", "Cope"), ("Ms", "Zara", "Iqbal"), ("Mr", "Dean", "Wickham"), ("Ms", "Paula", "Munro"),
    ("Mr", "Stefan", "Ionescu"), ("Ms", "Natalie", "Gough"), ("Mr", "Callum", "Reeve"), ("Ms", "Imogen", "Stead"),
]  # fmt: skip
CARERS = [
    ("Sally", "Wren"), ("Joan", "Mead"), ("Peter", "Nash"), ("Grace", "Oduya"), ("Lucy", "Field"), ("Karen", "Booth"),
    ("Tim", "Parry"), ("Anita", "Rao"), ("Megan", "Price"), ("Hugh", "Lacey"), ("Rosa", "Dias"), ("Carl", "Ewing"),
]  # fmt: skip

STREETS = [
    "Mill Lane",
    "Church Street",
    "Station Road",
    "Orchard Close",
    "Victoria Terrace",
    "Bridge Street",
    "The Green",
]
TOWNS = [("Northmere", "NM1"), ("Aldwick", "NM4"), ("Stanbury", "NM7")]
