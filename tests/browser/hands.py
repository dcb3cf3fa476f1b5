"""What a person does at a page, counted."""

from playwright.sync_api import Locator, Page


class Hands:
    """Does what a person does at a page, and counts it: each click and each field typed is an action."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def click(self, at: Locator, **where: object) -> None:
        self.actions += 1
        at.click(**where)  # type: ignore[arg-type]

    def type(self, label: str, text: str) -> None:
        self.actions += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def press(self, button: str) -> None:
        self.click(self.page.get_by_role("button", name=button, exact=True))

    def open(self, link: str) -> None:
        self.click(self.page.get_by_role("link", name=link, exact=True))
