"""Choosing whom a message is for: what is chosen already, and what Find finds, each a box to tick."""

from __future__ import annotations

from models import Message, MessageOrganisation, MessagePerson, Organisation, Person, User

MOST = 50  # offered at once; with no more than that in all, everything is offered


def chosen(message: Message) -> tuple[list[int], list[int]]:
    """The ids of the organisations and of the people whom a message is for."""
    organisations = MessageOrganisation.select(MessageOrganisation.organisation)
    people = MessagePerson.select(MessagePerson.user)
    return (
        [i for (i,) in organisations.where(MessageOrganisation.message == message.id).tuples()],
        [i for (i,) in people.where(MessagePerson.message == message.id).tuples()],
    )


def offer(form) -> None:
    """Give the form's lists their choices: what is ticked, and what fits the words to look for; at most MOST more."""
    words = (form.find.data or "").strip()
    query = Organisation.select(Organisation.id, Organisation.name)
    form.organisations.choices = _choices(
        query, Organisation, _numbers(form.organisations), words, (Organisation.name, Organisation.ref), lambda r: r[1]
    )
    query = (
        User.select(User.id, User.name, Organisation.name)
        .join(Organisation)
        .switch(User)
        .join(Person)
        .where(User.is_active)
    )
    form.people.choices = _choices(
        query,
        User,
        _numbers(form.people),
        words,
        (User.name, Person.email, Organisation.name),
        lambda r: f"{r[1]}, {r[2]}",
    )


def _numbers(field) -> list[int]:
    """What is ticked, whether it came with the form or from the message; nonsense is left to the field to refuse."""
    given = field.raw_data if field.raw_data is not None else field.data
    return [int(v) for v in given or () if str(v).isdigit() and len(str(v)) < 10]


def _choices(query, model, ticked: list[int], words: str, columns, label) -> list[tuple[int, str]]:
    few = query.count() <= MOST
    found = query if few and not words else query.where(_fits(columns, words)) if words else query.where(model.id < 0)
    rows = {row[0]: row for row in found.order_by(model.name).limit(MOST).tuples()}
    missing = [ident for ident in ticked if ident not in rows]
    if missing:
        rows.update({row[0]: row for row in query.where(model.id.in_(missing)).tuples()})
    order = sorted(rows.values(), key=lambda r: (r[0] not in ticked, label(r).lower()))
    return [(row[0], label(row)) for row in order]


def _fits(columns, words: str):
    fits = columns[0].contains(words)
    for column in columns[1:]:
        fits |= column.contains(words)
    return fits
