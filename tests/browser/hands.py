"""How somebody works a page: with a mouse, or with the keyboard alone, in a wide window or a narrow one."""

from __future__ import annotations

import contextlib

from playwright.sync_api import Error, Locator

from tests.browser.conftest import Visitor

IS_FOCUSED = "element => element === document.activeElement"
# What has the focus is seen: an outline, a shadow or a border of its own.
SHOWS_FOCUS = """element => {
  const seen = e => {
    const style = getComputedStyle(e)
    return style.outlineStyle !== 'none' && style.outlineWidth !== '0px' || style.boxShadow !== 'none'
  }
  const label = element.nextElementSibling
  return seen(element) || (label && [...'::before'].length && getComputedStyle(label, '::before').boxShadow !== 'none')
}"""


class Hands:
    """Presses, types and chooses on the page of a visitor; `keys` means without a mouse."""

    def __init__(self, visitor: Visitor, keys: bool = False, wide: int = 1280):
        self.visitor, self.page, self.keys, self.wide = visitor, visitor.page, keys, wide
        self.narrow()

    def narrow(self) -> None:
        """Back to this person's window."""
        self.page.set_viewport_size({"width": self.wide, "height": 900})

    def look(self) -> None:
        """Axe, nothing too wide, nothing in the console."""
        self.visitor.look()
        self.narrow()

    def go(self, address: str) -> None:
        """An address that somebody types or has in a mail."""
        self.page.goto(address)

    def reach(self, wanted: Locator) -> None:
        """Tab until the focus is there, and see that it shows. A page with a skip link is entered by it."""
        wanted.wait_for()
        if wanted.evaluate(IS_FOCUSED):
            return
        for _ in range(250):
            self.page.keyboard.press("Tab")
            if wanted.evaluate(IS_FOCUSED):
                assert wanted.evaluate(SHOWS_FOCUS), f"nobody sees that {wanted} has the focus"
                return
        raise AssertionError(f"{wanted} of {self.page.url} is not reached by Tab")

    def press(self, words: str, exact: bool = False) -> None:
        """A button or a link, by its words."""
        button, link = (self.page.get_by_role(role, name=words, exact=exact) for role in ("button", "link"))
        wanted = button.or_(link).first
        if not self.keys:
            wanted.click()
            return
        self.reach(wanted)
        self.page.evaluate("window.isBefore = true")
        self.page.keyboard.press("Enter")
        for _ in range(40):  # a page that comes, or a region that is swapped
            self.page.wait_for_timeout(50)
            with contextlib.suppress(Error):  # asked while one page gives way to the next
                if self.page.evaluate("!window.isBefore"):
                    self.page.wait_for_load_state()
                    return

    def fill(self, label: str, text: str) -> None:
        """Type over what a field holds."""
        field = self.field(label)
        if not self.keys:
            field.fill(text)
            return
        self.reach(field)
        self.page.keyboard.press("Control+A")
        if text:
            self.page.keyboard.insert_text(text)
        else:
            self.page.keyboard.press("Delete")

    def choose(self, label: str, words: str) -> None:
        """One of a list."""
        field = self.field(label)
        if not self.keys:
            field.select_option(label=words)
            return
        self.reach(field)
        self.page.keyboard.type(words)
        assert field.locator("option:checked").inner_text().strip() == words

    def tick(self, label: str) -> None:
        """A box or a circle."""
        box = self.field(label)
        if box.is_checked():
            return
        if not self.keys:
            box.check()
            return
        self.reach_choice(box)
        self.page.keyboard.press("Space")
        assert box.is_checked()

    def reach_choice(self, box: Locator) -> None:
        """A box by Tab; a circle of a group by Tab and then the arrows."""
        group = box.get_attribute("name") if box.get_attribute("type") == "radio" else None
        if group is None:
            self.reach(box)
            return
        first = self.page.locator(f'input[type=radio][name="{group}"]').first
        self.reach(first)
        for _ in range(20):
            if box.evaluate(IS_FOCUSED):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{box} is not reached by the arrows")

    def open_filter(self) -> None:
        """Open the filter of a list where the window is narrow or there is no script."""
        panel = self.page.locator("details.portal-filter").first
        if panel.get_attribute("open") is None:
            summary = panel.locator("summary")
            if self.keys:
                self.reach(summary)
                self.page.keyboard.press("Enter")
            else:
                summary.click()

    def field(self, label: str) -> Locator:
        """A control by its label, whether or not that says "(optional)"."""
        named = self.page.get_by_label(label, exact=True)
        return named.or_(self.page.get_by_label(f"{label} (optional)", exact=True)).first

    def sees(self, words: str) -> None:
        """The page says so."""
        self.page.get_by_text(words).first.wait_for()

    def told(self) -> str:
        """All that the page says."""
        return self.page.locator("body").inner_text()
