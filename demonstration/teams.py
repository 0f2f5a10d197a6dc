"""The teams of guide 001, with the demonstration's officers in them; one that is no longer used."""

from __future__ import annotations

from models import Team, TeamMember, User

TEAMS = [
    ("Brokerage Team (Community Support)", "Finds home care and community support", ("packages",)),
    ("Brokerage Team (Residential/Nursing)", "Finds places in homes", ("packages",)),
    ("Payments & Contracts Team", "Pays providers, keeps their contracts", ("payments", "officer")),
    ("Social Care Charging Team", "Works out what clients contribute", ("payments",)),
    ("Adult Social Care Systems Team (IT)", "Helps with the portal", ("officer",)),
    ("Quality and Contract team", "Visits providers, looks at quality", ("quality", "requests")),
]


def write(users: dict[str, User]) -> str:
    """Make the teams; users by the part of their address before the dot."""
    for name, purpose, members in TEAMS:
        team = Team.create(name=name, purpose=purpose, email="provider.support@authority.example")
        for member in members:
            TeamMember.create(team=team, user=users[f"{member}@authority"])
    Team.create(name="Learning Disability Review Team", purpose="Part of brokerage since last year", is_retired=True)
    return f"Made {Team.select().count()} teams."
