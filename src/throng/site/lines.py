"""The line of a TOML text on which each key stands, which `tomllib` does not tell."""

import re
import tomllib
from bisect import bisect_right

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_NAME = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"{_NAME}(?:[ \t]*\.[ \t]*{_NAME})*")
_STRING = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:'{0,2})|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every key, table and array element of a TOML text.

    A path holds the names of tables and keys and, from 0, the numbers of array elements: ("camera", 0, "line", 1, "from", 0).

    Parameters
    ----------
    text : str
        Text that `tomllib.loads` takes; anything else gives meaningless paths or a ValueError.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._elements: dict[KeyPath, int] = {}
        """How many [[headers]] each array of tables has had."""

    def document(self) -> None:
        table: KeyPath = ()
        while self._next():
            if self._next() == "[":
                table = self._header()
            else:
                self._assignment(table)

    def _next(self) -> str:
        """The next character that is not blank and not in a comment; empty at the end."""
        self._at += len(self._match(_BLANK))
        return self._text[self._at : self._at + 1]

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not TOML at character {self._at}")
        return match.group()

    def _line(self) -> int:
        return bisect_right(self._breaks, self._at) + 1

    def _names(self) -> list[str]:
        """The names of a dotted key, unquoted by `tomllib` itself."""
        self._next()
        dotted = self._match(_KEY)
        self._at += len(dotted)
        names, inner = [], tomllib.loads(dotted + "=0")
        while isinstance(inner, dict):
            name, inner = next(iter(inner.items()))
            names.append(name)
        return names

    def _header(self) -> KeyPath:
        line, double = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if double else 1
        names = self._names()
        self._next()
        self._at += 2 if double else 1
        path: KeyPath = ()
        for name in names[:-1]:
            path = self._latest((*path, name))
            self.lines.setdefault(path, line)
        path = (*path, names[-1])
        if double:
            self._elements[path] = self._elements.get(path, 0) + 1
            self.lines.setdefault(path, line)
            path = self._latest(path)
        self.lines[path] = line
        return path

    def _latest(self, path: KeyPath) -> KeyPath:
        """An array of tables stands for its latest element."""
        return (*path, self._elements[path] - 1) if path in self._elements else path

    def _assignment(self, table: KeyPath) -> None:
        line, path = self._line(), table
        for name in self._names():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._next()
        self._at += 1  # the equals sign
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        start = self._next()
        if start == "[":
            self._array(path)
        elif start == "{":
            self._inline_table(path)
        else:
            self._at += len(self._match(_STRING if start in "\"'" else _SCALAR))

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._next() != "]":
            self.lines[*path, index] = self._line()
            self._value((*path, index))
            self._skip_comma()
            index += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._next() != "}":
            self._assignment(path)
            self._skip_comma()
        self._at += 1

    def _skip_comma(self) -> None:
        if self._next() == ",":
            self._at += 1
