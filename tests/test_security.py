"""What every answer, address and file of the program must hold for ASVS: see docs/asvs.md, which names these tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from flask import request
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from tests.access import TABLE

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [p for folder in ("blueprints", "forms", "upkeep") for p in (ROOT / folder).rglob("*.py")]
PROGRAM += [ROOT / name for name in ("app.py", "models.py", "database.py", "tasks.py", "commands.py", "serve.py")]


@pytest.fixture
def both(app, cast):
    """An officer and a provider's person, each with the door's name; nobody looks at their pages' HTML here."""
    made = []
    for side, person in (("authority", cast.officer), ("provider", cast.finance)):
        browser = cast.sign_in(app.test_client(), person)
        browser.check = False
        made.append((side, browser))
    return made


def addresses(cast, method: str = "GET"):
    """Endpoint and address of every route of the access table with this method."""
    for endpoint, (address, _) in TABLE.items():
        way, _, path = address.partition(" ")
        if way == method:
            yield endpoint, path.format(cast=cast)


# headers ---------------------------------------------------------------------------------------------------------------


def check_headers(answer, where: str) -> None:
    """The headers of one answer."""
    given = answer.headers
    policy = dict(part.strip().partition(" ")[::2] for part in given["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'", where
    assert "unsafe" not in str(policy) and "http" not in str(policy) and "*" not in str(policy), where
    if "sandbox" not in policy:
        assert (policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'"), where
        assert policy["form-action"] == "'self'", where
    assert given["X-Content-Type-Options"] == "nosniff" and given["Referrer-Policy"] == "same-origin", where
    assert given["Cross-Origin-Opener-Policy"] == given["Cross-Origin-Resource-Policy"] == "same-origin", where
    assert "camera=()" in given["Permissions-Policy"] and given["X-Frame-Options"] == "DENY", where
    assert not {"Access-Control-Allow-Origin", "X-Powered-By"} & set(given.keys()), where
    if answer.status_code not in (204, 304) and not answer.location:
        assert answer.content_type, where
        if answer.mimetype.startswith("text/"):
            assert "charset=utf-8" in answer.content_type.lower(), f"{where}: {answer.content_type}"
    if not where.startswith(("/static", "/theme", "/logo")):
        assert given["Cache-Control"] == "no-store", where


def test_headers_of_every_answer(both, cast):
    for endpoint, path in addresses(cast):
        for side, browser in both:
            if endpoint.startswith((side, "public")):
                answer = browser.get(path)
                check_headers(answer, path)
                if answer.location:
                    assert urlsplit(urljoin("http://localhost/", answer.location)).netloc == "localhost", path
                answer.close()


def test_headers_of_what_is_refused(client, cast):
    client.check = False
    for path in ("/nowhere", "/static/nothing.js", "/static/portal.js", "/provider/", "/set-password/x"):
        check_headers(client.get(path), path)
    check_headers(client.post("/healthz"), "/healthz")


def test_static_files_are_the_only_ones_that_are_cached(client, cast):
    assert "max-age=31536000" in client.get("/static/portal.css").headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/.env", "/console", "/instance/portal.db", "/instance/secret_key", "/static/", "/static/../app.py",
     "/server-status", "/metrics", "/debug", "/static/%2e%2e/app.py", "/app.py", "/docs/", "/tests/"],
)  # fmt: skip
def test_nothing_else_is_exposed(client, cast, path):
    assert client.get(path).status_code in (404, 405)


def test_health_says_only_that_it_is_well(client, cast):
    assert set(client.get("/healthz").json) == {"status", "version"}


@pytest.mark.parametrize("method", ["TRACE", "DEBUG", "CONNECT", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused(client, cast, method):
    client.check = False
    cast.sign_in(client, cast.finance)
    assert client.open("/provider/", method=method).status_code in (404, 405)


def test_a_method_cannot_be_put_in_another_s_place(client, cast):
    cast.sign_in(client, cast.finance)
    for given in ({"headers": {"X-HTTP-Method-Override": "POST"}}, {"query_string": {"_method": "POST"}}):
        assert client.get("/logout", **given).status_code == 405
    assert client.get("/provider/").status_code == 200, "and nobody was signed out"


def test_signing_out_clears_what_the_browser_keeps(client, cast):
    cast.sign_in(client, cast.finance)
    assert client.post("/logout").headers["Clear-Site-Data"] == '"cache", "storage"'


def test_over_https_the_cookie_cannot_be_set_by_another_host(url, monkeypatch):
    from app import create_app
    from models import db

    monkeypatch.setenv("PORTAL_BASE_URL", "https://portal.example.gov.uk")
    made = create_app(url, SECRET_KEY="tests", KEEP_CONNECTION=True, WORKER="apart")
    db.connect(reuse_if_open=True)
    answer = made.test_client().get("/login", base_url="https://portal.example.gov.uk")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal=") and "Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie
    assert "SameSite=Lax" in cookie and "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert len(cookie.split(";")[0].rpartition(".")[2]) == 43, "signed with 256 bits"


@pytest.mark.parametrize(("proxies", "believed"), [("0", "127.0.0.1"), ("1", "9.9.9.9")])
def test_where_a_request_came_from_is_believed_of_known_proxies_alone(url, monkeypatch, proxies, believed):
    from app import create_app
    from models import db

    monkeypatch.setenv("PORTAL_PROXIES", proxies)
    made = create_app(url, SECRET_KEY="tests", KEEP_CONNECTION=True, WORKER="apart")
    db.connect(reuse_if_open=True)
    seen = []
    made.before_request(lambda: seen.append((request.remote_addr, request.host)))
    sent = {"X-Forwarded-For": "6.6.6.6, 9.9.9.9", "X-Forwarded-Host": "evil.example", "Forwarded": "for=7.7.7.7"}
    assert made.test_client().get("/help", headers=sent).status_code == 200
    assert seen == [(believed, "localhost")]


# what is sent ----------------------------------------------------------------------------------------------------------


def test_no_post_without_its_token(app, both, cast):
    """Every route that takes a POST refuses one without the session's token, whoever sends it."""
    rules = {r.endpoint: r for r in app.url_map.iter_rules()}
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for endpoint, (address, _) in TABLE.items():
            if "POST" not in rules[endpoint].methods:
                continue
            path = address.partition(" ")[2].format(cast=cast)
            for side, browser in both:
                if endpoint.startswith((side, "public")):
                    answer = browser.post(
                        path, headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
                    )
                    assert answer.status_code == 400, path
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_of_a_field_that_comes_twice_the_first_counts(client, cast):
    twice = MultiDict(
        [("email", "finance@oakfield.example"), ("email", "x"), ("password", "Demo-portal-1"), ("password", "x")]
    )
    assert (
        client.post("/login?next=/provider/visits&next=https://evil.example", data=twice).location == "/provider/visits"
    )


def test_what_a_form_does_not_have_is_not_written(client, cast):
    from models import OfficerRole, Organisation

    cast.sign_in(client, cast.officer)
    names = {name: "1" for name in Organisation._meta.fields if name not in ("ref", "name")}
    names |= {"id": cast.brookhouse.id, "is_active": "", "roles": "administrator", "password_hash": "x"}
    before = OfficerRole.select().count()
    page = f"/authority/organisations/{cast.oakfield.id}/edit"
    client.post(page, data={"ref": "OAK", "name": "Oakfield", **names})
    assert Organisation.get_by_id(cast.brookhouse.id).name == "Brookhouse Residential"
    assert OfficerRole.select().count() == before


ODD = [
    "99999999999999999999",
    "2147483648",
    "9223372036854775808",
    "-1",
    "0",
    "x",
    "%",
    "' OR 1=1 --",
    "<i>'\"",
    "\u0000",
    "=1+1",
]


def filled(rule, value: int) -> str | None:
    """The address of a route with a number in each of its places; None where other things stand there."""
    if any(converter.__class__.__name__ != "IntegerConverter" for converter in rule._converters.values()):
        return None
    return re.sub(r"<int:[^>]*>", str(value), rule.rule)


@pytest.mark.parametrize("value", [10**20, 2**31, 2**63])
def test_no_number_in_an_address_breaks_a_page(app, both, cast, value):
    for rule in app.url_map.iter_rules():
        path = filled(rule, value)
        if path is None or not rule.arguments or "GET" not in rule.methods:
            continue
        for side, browser in both:
            if rule.endpoint.startswith((side, "public")):
                assert browser.get(path).status_code < 500, path


def test_no_odd_value_breaks_a_filter(app, both, cast):
    names = (
        "page",
        "sort",
        "q",
        "client",
        "organisation",
        "service",
        "week",
        "start",
        "end",
        "state",
        "kind",
        "year",
        "next",
    )
    wrong: list[str] = []
    for endpoint, path in addresses(cast):
        for side, browser in both:
            if endpoint.startswith((side, "public")):
                for number in (0, 5, 8):
                    query = {name: ODD[(number + place) % len(ODD)] for place, name in enumerate(names)}
                    try:
                        answer = browser.get(path.partition("?")[0], query_string=query)
                    except Exception as error:
                        wrong.append(f"{path} {query}: {error!r}")
                        continue
                    assert answer.status_code < 500, (path, query)
                    if answer.mimetype == "text/html":
                        assert "<i>'" not in answer.text, (path, query)
                    answer.close()
    assert not wrong, "\n".join(wrong)


def test_signs_of_a_pattern_are_looked_for_as_they_are(client, cast):
    cast.sign_in(client, cast.officer)
    for q, there in (("%", False), ("_akfield", False), ("akfield", True), ("\\", False)):
        text = client.get("/authority/organisations", query_string={"q": q}).text.split("<main")[1]
        assert ("Oakfield Home Care" in text) == there, q


@given(st.text(max_size=40) | st.text("/\\:@.?#evl\t\n ", max_size=12))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("https:evil.example")
def test_sign_in_leads_to_own_pages_only(text):
    from blueprints.accounts.onward import within

    to = within(text)
    if to is not None:
        as_read = re.sub(r"[\t\n\r]", "", to).replace("\\", "/")
        assert urlsplit(urljoin("http://portal.example/login", as_read)).netloc == "portal.example"


# what the program does not do ------------------------------------------------------------------------------------------


def calls(tree) -> set[str]:
    """What a file calls, as written."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def imported(tree) -> set[str]:
    """What a file imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


NEVER_CALLED = {"eval", "exec", "compile", "os.system", "os.popen", "render_template_string", "pickle.loads", "pickle.load",
                "marshal.loads", "yaml.load", "hashlib.md5", "hashlib.sha1", "random.random", "random.choice", "random.randint",
                "current_app.jinja_env.from_string", "model_to_dict", "unquote_plus", "html.unescape"}  # fmt: skip
NEVER_IMPORTED = {"pickle", "shelve", "marshal", "yaml", "subprocess", "requests", "httpx", "urllib.request", "http.client",
                  "ftplib", "telnetlib", "xml.etree.ElementTree", "xml.dom.minidom", "xml.sax", "lxml"}  # fmt: skip
# Who may open a connection: to the mail server, and to the virus scanner. `jobs` asks for the machine's own name.
SOCKETS = {"blueprints/post.py", "blueprints/scanner.py", "blueprints/jobs/rules.py"}


@pytest.mark.parametrize("path", PROGRAM, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_dangerous_is_called(path):
    tree = ast.parse(path.read_text())
    assert not calls(tree) & NEVER_CALLED
    assert not imported(tree) & NEVER_IMPORTED
    if imported(tree) & {"socket", "smtplib"}:
        assert str(path.relative_to(ROOT)) in SOCKETS
    text = path.read_text()
    assert not re.search(r"\*\*(dict\()?request\.(form|values|args|json)", text), "a form says what is taken"
    assert "verify_mode" not in text and "CERT_NONE" not in text and "check_hostname = False" not in text
    assert "shell=True" not in text and "debug=True" not in text


def test_what_is_read_of_a_name_that_was_sent_is_no_path():
    """The names of uploaded files are text: nothing opens a path made of one."""
    for path in PROGRAM:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("open", "Path", "send_file", "os.path.join"):
                assert not re.search(r"filename|request\.|\.name\b", ",".join(map(ast.unparse, node.args))), path


def test_check_says_what_could_be_read_on_the_way(monkeypatch):
    from upkeep import examine

    def found(**environment) -> str:
        for name in ("PORTAL_DATABASE_URL", "PORTAL_MAIL_URL", "PORTAL_DEBUG"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return " ".join(f.what for f in examine.environment("https://portal.example.gov.uk", "x" * 40))

    away = "postgresql://portal:x@db.example/portal"
    assert "verify-full" in found(PORTAL_DATABASE_URL=away)
    assert not found(PORTAL_DATABASE_URL=f"{away}?sslmode=verify-full&sslrootcert=/etc/ca.pem")
    assert not found(PORTAL_DATABASE_URL="postgresql:///portal?host=/run/postgresql")
    assert not found(PORTAL_DATABASE_URL="postgresql://127.0.0.1/portal", PORTAL_MAIL_URL="smtp://localhost:25")
    assert "TLS" in found(PORTAL_MAIL_URL="smtp://mail.example:25")
    assert not found(PORTAL_MAIL_URL="smtp://mail.example:25?tls=must")
    assert "PORTAL_DEBUG" in found(PORTAL_DEBUG="1")


def test_the_way_to_postgresql_is_as_safe_as_its_address_says():
    import database

    made = database.open_database("postgresql://u:p@db.example/portal?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem")
    assert (made.connect_params["sslmode"], made.connect_params["sslrootcert"]) == ("verify-full", "/etc/ca.pem")


def test_own_scripts_write_no_html_from_data():
    """innerHTML is given constant text alone; nothing is evaluated; only the grid keeps unsaved rows in the browser."""
    for path in [ROOT / "static" / "portal.js", ROOT / "static" / "grid.js"]:
        text = path.read_text()
        for line in re.findall(r"innerHTML\s*\+?=\s*(.*)", text):
            assert re.fullmatch(r"'[^'$]*';", line), line
        assert not re.search(
            r"\beval\(|new Function|insertAdjacentHTML|outerHTML|document\.write|__proto__|localStorage|indexedDB|document\.cookie",
            text,
        )
        assert "sessionStorage" not in text or path.name == "grid.js"
