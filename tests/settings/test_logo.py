"""The authority's logo: pictures only, judged by content; shown on every page."""

from __future__ import annotations

import io

import pytest
from PIL import Image


def picture(kind: str = "PNG", size: int = 60) -> bytes:
    """A picture of a kind."""
    out = io.BytesIO()
    Image.new("RGB", (size, size), "navy").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_stands_in_the_header(app, client, cast, kind):
    cast.sign_in(client, cast.officer)
    answer = client.post("/authority/settings/logo", data={"picture": (io.BytesIO(picture(kind)), "arms.png")})
    assert answer.status_code == 303
    home = app.test_client().get("/").text
    address = home.split('class="portal-header__logo" src="')[1].split('"')[0]
    shown = app.test_client().get(address)
    assert shown.mimetype == "image/png" and shown.data.startswith(b"\x89PNG")
    client.post("/authority/settings/logo", data={})
    assert "portal-header__logo" not in app.test_client().get("/").text


@pytest.mark.parametrize(
    "content",
    [
        b"<svg onload=alert(1)>",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\nbroken",
        b"",
        picture(size=2001),
        picture("GIF"),
        b"x" * 2_000_000,
    ],
)
def test_anything_else_is_refused(client, cast, content):
    cast.sign_in(client, cast.officer)
    answer = client.post("/authority/settings/logo", data={"picture": (io.BytesIO(content), "logo.png")})
    if content:
        assert answer.status_code == 422 and "Choose a" in answer.text
