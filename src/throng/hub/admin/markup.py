"""HTML whose texts are escaped where they are put in, so that no page can forget it."""

import html
from collections.abc import Sequence

_EMPTY = frozenset({"input", "br", "img", "link", "meta"})
Attribute = str | int | bool | None


class Html(str):
    """Markup; every other text is escaped when it is put into some."""

    __slots__ = ()


def tag(name: str, /, *inside: str | None, **attributes: Attribute) -> Html:
    """An element.

    Parameters
    ----------
    name : str
        "p"; never from a request.
    *inside : str or None
        What is in it: markup as it is, text escaped, None nothing.
    **attributes : str, int, bool or None
        `class_` is class, `aria_label` is aria-label; True stands without a value, False and None are left out.
    """
    told = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    start = f"<{name}{told}>"
    return Html(start if name in _EMPTY else f"{start}{joined(*inside)}</{name}>")


def joined(*parts: str | None) -> Html:
    """Markup and texts, one after the other."""
    return Html("".join(_escaped(part) for part in parts if part is not None))


def document(title: str, *body: str | None, language: str, styles: Sequence[str], script: bool = False) -> Html:
    """A whole page; with the script of passkeys where it needs that."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        *(tag("link", rel="stylesheet", href=style) for style in styles),
        tag("script", type="module", src="/sign-in/passkey.js") if script else None,
    )
    return joined(Html("<!doctype html>"), tag("html", head, tag("body", *body), lang=language))


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(str(value), quote=True)}"'


def _escaped(part: str) -> str:
    return part if isinstance(part, Html) else html.escape(part, quote=True)
