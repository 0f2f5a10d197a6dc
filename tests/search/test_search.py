"""One box: what is found by which words, within whose reach; the address keeps no name; each search is noted."""

from __future__ import annotations

import re

import pytest

from blueprints import facts, history
from blueprints.accounts import rules as accounts
from blueprints.clients import rules as clients
from blueprints.reach import Reach
from blueprints.search import index, rules
from models import Client, Look, Organisation, Search, SearchWord, Service
from tests.counting import Queries
from tests.provider_world import add_visit
from tests.visits.test_provider import text_of

BY = history.Actor(None, "test")


@pytest.fixture
def known(cast):
    """Everything of the small world is indexed."""
    cast.nowak = Client.create(ssref="A300001", client_ref="CR-9", surname="Żółć-Nowak", forename="Tadeusz")
    index.rebuild()
    return cast


@pytest.fixture
def officer(app, known):
    return known.sign_in(app.test_client(), known.officer)


@pytest.fixture
def finance(app, known):
    return known.sign_in(app.test_client(), known.finance)


def look(client, words: str):
    """Press Search, follow to what was found; the answer."""
    side = "provider" if client.get("/provider/").status_code == 200 else "authority"
    return client.post(f"/{side}/searches", data={"words": words}, follow_redirects=True)


def names(answer) -> list[str]:
    """What was found, as listed."""
    return re.findall(r"<li><(?:a|b)[^>]*>([^<]*)</(?:a|b)>", re.search(r"(?s)<main.*</main>", answer.text)[0])


# what is found ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, found",
    [
        ("archer", "Mrs Ann Archer"),
        ("ann arch", "Mrs Ann Archer"),
        ("Archer, Ann", "Mrs Ann Archer"),
        ("a100001", "Mrs Ann Archer"),
        ("999 000 0018", "Mrs Ann Archer"),
        ("oneill", "Mr Bob O'Neill"),
        ("O’Neill", "Mr Bob O'Neill"),
        ("neil", "Mr Bob O'Neill"),
        ("zolc", "Tadeusz Żółć-Nowak"),
        ("ŻÓŁĆ nowak", "Tadeusz Żółć-Nowak"),
        ("zolc-nowak", "Tadeusz Żółć-Nowak"),
    ],
)
def test_clients_by_the_beginnings_of_their_words(officer, words, found):
    answer = look(officer, words)
    assert f">{found}</h1>" in answer.text.replace("&#39;", "'"), "a single find is gone to at once"


def test_every_kind_by_its_name_or_reference(app, known, officer):
    add_visit(known, "V-4711")
    add_visit(known, "V-4712")
    for words, kind, name in (
        ("oakfield", "Organisations", "Oakfield Home Care"), ("oakfield", "Services", "Oakfield North"),
        ("oakfield", "Contracts", "Oakfield DAPL"), ("oakfield", "Logins", "Greta Finch"), ("finch", "Contacts", "Finch, Greta"),
        ("1560", "Packages", "156017"), ("finance@", "Logins", "Bella Stone"),
    ):  # fmt: skip
        html = look(officer, words).text
        section = re.search(rf"(?s)<h2[^>]*>{kind}.*?</section>", html)
        assert section and f">{name}</a>" in section[0], (words, kind)
    assert "/authority/visits/" in look(officer, "v-4711").request.path, "a visit by its whole reference"
    assert "Nothing was found." in look(officer, "V-47").text, "never by a part: there are a million"
    assert "Nothing was found." in look(officer, "archer finch").text
    assert "Nothing was found." in look(officer, "%%").text or "Enter at least" in look(officer, "%%").text


@pytest.mark.parametrize("words", ["", " ", "a", "'", "%_"])
def test_too_little_is_told(officer, words):
    answer = officer.post("/authority/searches", data={"words": words})
    assert answer.status_code == 422 and "Enter at least 2 letters or digits" in answer.text


def test_odd_words_break_nothing(officer):
    for words in (
        "ab" * 500,
        "\0ab",
        "🙂🙂",
        "تقرير شهري",
        "a' OR '1'='1",
        "\ud800ab".encode("utf-8", "replace").decode(),
        "99999999999999999999",
    ):
        assert look(officer, words).status_code in (200, 422)


def test_many_are_listed_by_pages(known, officer):
    for number in range(105):
        Service.create(ref=f"Z{number:03}", name=f"Zebra House {number:03}", organisation=known.oakfield)
    index.rebuild()
    html = look(officer, "zebra").text
    assert html.count("Zebra House") == 10
    address = re.search(r'href="(/authority/searches/\d+\?kind=service)"', html)[1]
    html = officer.get(address).text
    assert "Services (105)" in html and html.count("Zebra House") == 100
    assert officer.get(f"{address}&page=2").text.count("Zebra House") == 5


# within reach ----------------------------------------------------------------------------------------------------------


def test_a_provider_finds_its_own_and_nothing_else(app, known, finance):
    add_visit(known, "V-1")
    theirs = add_visit(known, "B-1", package=known.placed, kind="C", level=known.placement)
    assert finance.get("/provider/").status_code == 200
    assert "/provider/packages/" in look(finance, "archer").request.path, "its clients by their packages"
    assert "/provider/packages/" in look(finance, "156018").request.path
    assert "/provider/visits/" in look(finance, "V-1").request.path
    for words in ("castle", "200001", theirs.ref, "brookhouse", "A200001", "bella", "amir"):
        answer = look(finance, words)
        assert "Nothing was found." in answer.text, words
    assert names(look(finance, "a10")) == ["156017", "156018"]
    known.oakfield.limited_accessibility = True
    known.oakfield.save()
    assert "Nothing was found." in look(finance, "archer").text


def test_answers_of_others_are_not_found(app, known, officer, finance):
    look(officer, "brook")
    other = Search.select().get()
    assert finance.get(f"/provider/searches/{other.id}").status_code == 404
    reader = known.sign_in(app.test_client(), known.reader)
    assert reader.get(f"/authority/searches/{other.id}").status_code == 404


def test_the_address_keeps_no_name_and_each_search_is_noted(known, officer):
    answer = officer.post("/authority/searches", data={"words": "oak"})
    search = Search.select().get()
    assert answer.headers["Location"] == f"/authority/searches/{search.id}"
    assert search.user_id == known.officer.id and search.words == "oak"
    officer.get(answer.headers["Location"])
    assert [(x.thing, x.thing_id, x.user_id) for x in Look.select()] == [("search", search.id, known.officer.id)]
    html = officer.get("/authority/audit/looks").text
    assert "Search “oak”" in text_of(html)


def test_the_box_is_on_every_page_with_its_key_and_without_names_in_it(known, officer, finance, client):
    html = officer.get("/authority/clients").text
    assert html.index('id="search-words"') < html.index("<main") and 'aria-keyshortcuts="/"' in html
    assert 'action="/provider/searches"' in finance.get("/provider/").text
    assert "search-words" not in client.get("/login").text
    officer.post(f"/authority/organisations/{known.oakfield.id}/viewing", data={"person": ""})
    assert "search-words" not in officer.get("/provider/").text


# kept in step ----------------------------------------------------------------------------------------------------------


def words(kind: str, ident: int) -> set[str]:
    query = SearchWord.select(SearchWord.word).where((SearchWord.kind == kind) & (SearchWord.ident == ident))
    return {bytes(word).decode() for (word,) in query.tuples()}


def test_what_changes_is_indexed_before_the_transaction_ends(known):
    saved = clients.save_client({**facts.of(known.ann), "surname": "Béthune"}, BY, known.ann)
    user = accounts.add_user("zoe@oakfield.example", "Zoë Quill", known.oakfield, [], BY)
    assert "archer" in words("client", saved.ident)
    index.keep_up()
    assert "bethune" in words("client", saved.ident) and "archer" not in words("client", saved.ident)
    assert words("person", user.id) == {"zoe", "quill", "oakfield", "example", "zoeoakfieldexample"}
    assert index.behind() == []


def test_an_index_that_is_behind_is_told_and_mended(known):
    Organisation.create(ref="NEW", name="Never told")
    assert index.behind() == ["organisation"] and index.ensure() and index.behind() == []
    assert not index.ensure()


@pytest.mark.once
def test_words():
    assert index.words_of(["O'Neill", "Smith-Jones", "Łódź", "SS/12"]) == {
        "o", "neill", "oneill", "smith", "jones", "smithjones", "lodz", "ss", "12", "ss12",
    }  # fmt: skip
    assert index.asked("O'Neill, Bob") == ["oneill", "bob"] and index.asked("12 34") == ["1234"]


def test_what_was_heard_in_a_transaction_that_was_rolled_back_is_forgotten(known):
    import database
    from models import db

    SearchWord.delete().execute()
    index.hear("client", [known.ann.id])
    index.forget(object())  # another database's transaction
    index.keep_up()
    assert SearchWord.select().exists()
    SearchWord.delete().execute()
    index.hear("client", [known.ann.id])
    index.forget(database.real(db))
    index.keep_up()
    assert not SearchWord.select().exists()


def test_as_many_queries_for_ten_finds_as_for_one(known):
    def count() -> int:
        with Queries() as asked:
            for kind in rules.KINDS.values():
                list(rules.found(kind, "oak", Reach.whole()).limit(11))
        return asked.count

    one = count()
    for number in range(9):
        Service.create(ref=f"O{number}", name=f"Oak {number}", organisation=known.oakfield)
    index.rebuild()
    assert count() == one


def test_visits_are_looked_up_along_the_index(known):
    import database
    from models import db

    text, values = rules.found(rules.KINDS["visit"], "V-1", Reach.whole()).sql()
    if database.is_sqlite(db):
        plan = " ".join(row[3] for row in db.execute_sql("EXPLAIN QUERY PLAN " + text, values).fetchall())
        assert "visit_organisation_id_ref" in plan, plan
        text, values = rules.found(rules.KINDS["client"], "arch", Reach.whole()).sql()
        plan = " ".join(row[3] for row in db.execute_sql("EXPLAIN QUERY PLAN " + text, values).fetchall())
        assert "kind=? AND word>? AND word<?" in plan and "SCAN" not in plan, plan


def test_the_key_can_be_turned_off(known, officer, finance):
    """WCAG 2.1.4: a shortcut of one character can be turned off, by each person for oneself."""
    for client, side in ((officer, "authority"), (finance, "provider")):
        html = client.get(f"/{side}/help").text
        assert "<body class" in html and "data-shortcuts" not in html and "Turn keyboard shortcuts off" in html
        client.post(f"/{side}/shortcuts", data={"shortcuts": "off"})
        html = client.get(f"/{side}/help").text
        assert (
            'data-shortcuts="off"' in html and "Turn keyboard shortcuts on" in html and "aria-keyshortcuts" not in html
        )
        client.post(f"/{side}/shortcuts", data={"shortcuts": "on"})
        assert "data-shortcuts" not in client.get(f"/{side}/").text
