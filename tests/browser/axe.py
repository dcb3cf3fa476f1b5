"""Looks for what shuts people out of a page, by axe-core's rules of WCAG 2.2 AA."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

_SOURCE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _source() -> str:
    return _SOURCE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What breaks a rule on a page as it stands: the rule, and where."""
    # Evaluated by the debugger, as the page's content security policy rightly refuses scripts that a test would put into it.
    page.evaluate(_source())
    found = page.evaluate("rules => axe.run({ runOnly: rules }).then(({ violations }) => violations)", _RULES)
    return [
        f"{one['id']}: {one['help']}: "
        + "; ".join(f"{node['html'][:160]} ({node.get('failureSummary', '')[:200]})" for node in one["nodes"][:3])
        for one in found
    ]
