"""What people may attach: by name and content, of a size; looked at by a scanner; kept and handed out inert."""

from __future__ import annotations

import io
import socket
import struct
import threading
import zipfile
from types import SimpleNamespace

import pytest
from PIL import Image

from blueprints import scanner
from blueprints.attachments import kinds, rules
from blueprints.attachments.screens import handed_out
from blueprints.settings import rules as settings
from models import File, Scan

OOXML = "[Content_Types].xml"
NOW = settings.Settings({})


def packed(**parts) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as document:
        for name, content in parts.items():
            document.writestr(name.replace("__", "/"), content)
    return made.getvalue()


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (3, 2)).save(made, kind)
    return made.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"
WORD = packed(**{OOXML: "<Types/>", "word__document.xml": "<w/>"})
EXCEL = packed(**{OOXML: "<Types/>", "xl__workbook.xml": "<w/>"})
ODT = packed(mimetype="application/vnd.oasis.opendocument.text", **{"content.xml": "<o/>"})
ODS = packed(mimetype="application/vnd.oasis.opendocument.spreadsheet", **{"content.xml": "<o/>"})
GOOD = {
    "pdf": PDF, "docx": WORD, "xlsx": EXCEL, "odt": ODT, "ods": ODS, "csv": b"a,b\r\n\xa31,2\r\n",
    "txt": "Grüße\n".encode("utf-16"), "png": picture("PNG"), "jpg": picture("JPEG"), "jpeg": picture("JPEG"),
}  # fmt: skip


def upload(name: str, content: bytes):
    return SimpleNamespace(filename=name, stream=io.BytesIO(content))


def keep(name: str, content: bytes, now=NOW) -> File:
    return rules.keep_document(upload(name, content), "message", None, None, now)


@pytest.mark.once
def test_each_kind_is_known_by_its_content_and_no_other():
    assert set(GOOD) == set(kinds.KINDS) == set(NOW.file_types)
    for ending in GOOD:
        for other, content in GOOD.items():
            same = kinds.KINDS[ending].content_type == kinds.KINDS[other].content_type
            texts = {ending, other} <= {"csv", "txt"}
            if same or texts:
                assert kinds.judged(io.BytesIO(content), f"My.File.{ending.upper()}", list(GOOD)).ending == ending
            else:
                with pytest.raises(kinds.Unfit, match=rf"ends in \.{ending}, but the content is no"):
                    kinds.judged(io.BytesIO(content), f"a.{ending}", list(GOOD))


@pytest.mark.once
@pytest.mark.feature("Z-13")
@pytest.mark.parametrize(
    "name, content, words",
    [
        ("a.svg", b"<svg onload='alert(1)'/>", "name ends in .pdf, .docx"),
        ("a.html", b"<script>", "name ends in"),
        ("a.exe", b"MZ\x90\0", "name ends in"),
        ("a.docm", WORD, "name ends in"),
        ("pdf", PDF, "name ends in"),
        ("a.pdf.exe", PDF, "name ends in"),
        ("a.pdf", b"", "not empty"),
        ("a.pdf", b"%PDF-1.7\n1 0 obj", "no PDF file"),
        ("a.png", b"GIF89a" + picture("PNG"), "no PNG picture"),
        ("a.txt", b"MZ\x90\0", "no text file"),
        ("a.csv", b"PK\x03\x04 a,b", "no CSV file"),
        ("a.txt", b"\xff\xfea", "no text file"),
        ("a.docx", packed(**{OOXML: "<Types/>", "word__document.xml": "", "word__vbaProject.bin": "x"}), "macros"),
        ("a.xlsx", packed(**{OOXML: "sheet.macroEnabled.main+xml", "xl__workbook.xml": ""}), "macros"),
        ("a.odt", packed(mimetype="application/vnd.oasis.opendocument.text", **{"content.xml": "", "Basic__a.xml": ""}), "macros"),
        ("a.docx", packed(**{OOXML: "<Types/>", "word__document.xml": b"\0" * 3_000_000}), "packed in a way"),
        ("a.docx", packed(**{f"p{n}": "" for n in range(2001)}), "smaller document"),
        ("a.docx", WORD[:200], "no Word file"),
    ],
)  # fmt: skip
def test_what_is_not_taken_says_what_to_choose_instead(name, content, words):
    with pytest.raises(kinds.Unfit, match=words):
        kinds.judged(io.BytesIO(content), name, list(kinds.KINDS))


@pytest.mark.feature("Z-13")
def test_too_large_or_not_allowed_is_refused_before_it_is_stored(app):
    before = File.select().count()
    with pytest.raises(kinds.Unfit, match="at most 1 MB"):
        keep("a.txt", b"a" * (rules.PIECE + 1), settings.Settings({"file_megabytes": 1}))
    with pytest.raises(kinds.Unfit, match=r"ends in \.pdf"):
        keep("a.txt", b"a", settings.Settings({"file_types": ["pdf"]}))
    assert File.select().count() == before


@pytest.mark.parametrize(
    "name, kept",
    [
        ("../../etc/pass wd.pdf", "pass wd.pdf"),
        ("C:\\Users\\x\\plan.pdf", "plan.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("invoice\u202efdp.exe.pdf", "invoicefdp.exe.pdf"),
        ('quo"te; filename=x.pdf', 'quo"te; filename=x.pdf'),
        ("Żółć 🙂 تقرير.pdf", "Żółć 🙂 تقرير.pdf"),
    ],
)
def test_names_are_text_only_and_files_leave_as_attachments(app, name, kept):
    file = keep(name, PDF)
    assert file.name == kept
    with app.test_request_context():
        answer = handed_out(file)
    assert answer.get_data() == PDF
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=") and "\n" not in disposition and "\r" not in disposition
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Content-Type"] == "application/pdf"


# the scanner -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def clamd():
    """A scanner that finds harm in what holds EICAR, on a port of its own."""
    place = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                link, _ = place.accept()
            except OSError:
                return
            with link, link.makefile("rb") as told:
                assert told.read(10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack("!I", told.read(4))[0]:
                    content += told.read(size)
                link.sendall(b"stream: Eicar-Signature FOUND\0" if b"EICAR" in content else b"stream: OK\0")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    scanner.use(f"clamd://127.0.0.1:{place.getsockname()[1]}")
    yield place
    scanner.use("")
    place.shutdown(socket.SHUT_RDWR)
    place.close()
    thread.join(5)


@pytest.mark.feature("Z-13")
def test_the_scanner_refuses_what_is_harmful(app, clamd):
    assert keep("a.pdf", PDF).scan == Scan.CLEAN
    with pytest.raises(kinds.Unfit, match="something harmful"):
        keep("a.txt", b"EICAR")


def test_while_the_scanner_is_away_files_are_kept_and_not_handed_out(app, clamd):
    address = f"clamd://127.0.0.1:{clamd.getsockname()[1]}"
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        nobody = deaf.getsockname()[1]
    scanner.use(f"clamd://127.0.0.1:{nobody}")
    good, bad = keep("a.pdf", PDF), keep("a.txt", b"EICAR")
    assert {good.scan, bad.scan} == {Scan.WAITING}
    with app.test_request_context():
        with pytest.raises(Exception) as refused:
            handed_out(good)
        assert refused.value.code == 404
    assert rules.scan_waiting() == 0
    scanner.use(address)
    assert rules.scan_waiting() == 2
    assert File.get_by_id(good.id).scan == Scan.CLEAN and File.get_by_id(bad.id).scan == Scan.HARMFUL
    assert not File.get_by_id(bad.id).may_be_had


@pytest.mark.once
def test_the_scanners_address():
    assert scanner.place_of("") is None
    assert scanner.place_of("clamd://host") == scanner.Place("", "host", 3310)
    assert scanner.place_of("clamd:///run/clamd.ctl") == scanner.Place("/run/clamd.ctl")
    for wrong in ("http://host", "clamd://", "clamd://host/path", "clamd://host:x"):
        with pytest.raises(scanner.BadAddress):
            scanner.place_of(wrong)
