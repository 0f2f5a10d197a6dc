"""A portal as users meet it: the web server with its worker on a demonstration database, and a real browser."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
PASSWORD = "Demo-portal-1"
TOO_WIDE = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > 320)
  .slice(-3).map(e => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 40)}`).join('; ')"""


class Portal:
    """A running portal with a database of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **os.environ,
            "PORTAL_DATABASE_URL": f"sqlite:///{folder}/portal.db",
            "PORTAL_SECRET_KEY": "browser tests",
            "PORTAL_BASE_URL": self.url,
            "PORT": str(self.port),
        }
        self.environ.pop("PYTEST_CURRENT_TEST", None)
        self.server = None

    def command(self, *words: str) -> subprocess.CompletedProcess:
        """Run `flask --app app …`."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *words],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self) -> None:
        """Serve, and wait until it answers."""
        self.server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
            cwd=ROOT, env=self.environ, stdout=(self.folder / "log").open("ab"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        """End the server."""
        if self.server:
            self.server.terminate()
            try:
                self.server.wait(40)
            except subprocess.TimeoutExpired:
                self.server.kill()


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A demonstration, freshly loaded and served; each file of journeys has one of its own."""
    made = Portal(tmp_path_factory.mktemp("portal"))
    for words in (("init", "--demonstration"), ("demo",)):
        done = made.command(*words)
        assert done.returncode == 0, done.stderr
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium, headless."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """Somebody at a browser window."""

    def __init__(self, portal: Portal, chromium, script: bool):
        self.portal, self.script = portal, script
        self.context = chromium.new_context(
            base_url=portal.url,
            java_script_enabled=script,
            viewport={"width": 1280, "height": 900},
            accept_downloads=True,
        )
        self.context.set_default_timeout(20000)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on(
            "console",
            lambda m: (
                self.said.append(m.text) if m.type == "error" and not re.search("403|404|409|422", m.text) else None
            ),
        )
        self.page.on("pageerror", lambda e: self.said.append(str(e)))

    def sign_in(self, email: str) -> Visitor:
        """Through the form, with the demonstration's password."""
        self.page.goto("/login")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Login").click()
        self.page.get_by_role("heading", level=1).wait_for()
        return self

    def look(self) -> None:
        """No violation of WCAG 2.2 AA on this page, nothing wider than a small screen, nothing in the console."""
        if self.script:
            from axe_playwright_python.sync_playwright import Axe

            found = Axe().run(self.page).response["violations"]
            assert not found, [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found]
        self.page.set_viewport_size({"width": 320, "height": 700})
        if self.script:
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 320, (
                f"{self.page.url} is {wide} pixels wide on a small screen: {self.page.evaluate(TOO_WIDE)}"
            )
        self.page.set_viewport_size({"width": 1280, "height": 900})
        assert not self.said, self.said

    def close(self) -> None:
        """Close the window."""
        self.context.close()


@pytest.fixture
def visit(portal, chromium):
    """Open windows: visit("finance@oakfield.example", script=True)."""
    open_windows = []

    def opened(email: str | None = None, script: bool = True) -> Visitor:
        window = Visitor(portal, chromium, script)
        open_windows.append(window)
        return window.sign_in(email) if email else window

    yield opened
    for window in open_windows:
        window.close()
