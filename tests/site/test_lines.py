"""Lines of keys: TOML is written with the line of every key noted on the way, and tomllib says which keys there are."""

import json
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from throng.site.lines import KeyPath, key_lines

names = st.sampled_from(["a", "b", "c-d", "9", "a.b", "x = 1", "#no", "[t]", 'say "hi"', "ü", "it's"])
scalars = st.sampled_from(
    [
        "1", "-0.5", "true", "inf", "0x1F", "1979-05-27 07:32:00", "07:32:00", '"a"', '"# [no] = {}"', '"\\"]"', "'c:\\'", '""',
        "''", '"""one line"""', '"""\n[no]\na = 1 # "\n"""', '""""quoted""""', "'''\n'' ]\n'''", '"""back\\\n  slash \\""""',
    ]
)  # fmt: skip
blanks = st.sampled_from(["", " ", "\n", "\r\n", " # ] } = [no]\n", "\n\n# '''\n\t"])


class Writer:
    """Writes TOML and notes on which line each path begins."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[KeyPath, int] = {}

    def note(self, path: KeyPath) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def key(self, name: str) -> None:
        bare = name.isascii() and name.replace("-", "").isalnum() and self.draw(st.booleans())
        literal = "'" not in name and self.draw(st.booleans())
        self.text += name if bare else f"'{name}'" if literal else json.dumps(name, ensure_ascii=False)

    def value(self, path: KeyPath, depth: int) -> None:
        kind = self.draw(st.sampled_from(["scalar", "array", "table"] if depth else ["scalar"]))
        if kind == "scalar":
            self.text += self.draw(scalars)
        elif kind == "array":
            self.text += "["
            for index in range(self.draw(st.integers(0, 3))):
                self.text += ("," if index else "") + self.draw(blanks)
                self.note((*path, index))
                self.value((*path, index), depth - 1)
                self.text += self.draw(blanks)
            self.text += self.draw(blanks) + "]"
        else:
            self.text += "{"
            for index, name in enumerate(self.draw(st.lists(names, unique=True, max_size=3))):
                self.text += ", " if index else " "
                self.note((*path, name))
                self.key(name)
                self.text += " = "
                self.value((*path, name), depth - 1)
            self.text += "}"

    def body(self, path: KeyPath, taken: set[str]) -> None:
        for name in self.draw(st.lists(names.filter(lambda name: name not in taken), unique=True, max_size=3)):
            dotted = self.draw(st.booleans())
            taken.add(name)
            self.text += self.draw(blanks)
            if self.text and not self.text.endswith("\n"):
                self.text += "\n"
            self.note((*path, name))
            self.key(name)
            inner: KeyPath = (*path, name)
            if dotted:
                self.text += " . "
                inner = (*inner, "sub")
                self.note(inner)
                self.key("sub")
            self.text += " ="
            self.value(inner, 3)
            self.text += self.draw(st.sampled_from(["\n", " # = '\n", "\r\n"]))

    def header(self, path: KeyPath, brackets: int) -> None:
        self.text += "[" * brackets + " "
        for index, name in enumerate([part for part in path if isinstance(part, str)]):
            self.text += "." if index else ""
            self.key(name)
        self.text += "]" * brackets + " # [comment]\n"


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    writer = Writer(draw)
    arrays = ["cameras", "ca meras"]
    tables = ["budget", "bud.get"]
    writer.body((), {*arrays, *tables})
    for array in draw(st.lists(st.sampled_from(arrays), unique=True)):
        for index in range(draw(st.integers(1, 3))):
            writer.note((array,))
            writer.note((array, index))
            writer.header((array, index), 2)
            writer.body((array, index), {"line", "calibration"})
            for inner in range(draw(st.integers(0, 2))):
                writer.note((array, index, "line"))
                writer.note((array, index, "line", inner))
                writer.header((array, index, "line", inner), 2)
                writer.body((array, index, "line", inner), set())
            if draw(st.booleans()):
                writer.note((array, index, "calibration"))
                writer.header((array, index, "calibration"), 1)
                writer.body((array, index, "calibration"), set())
    for table in draw(st.lists(st.sampled_from(tables), unique=True)):
        writer.note((table,))
        writer.header((table,), 1)
        writer.body((table,), set())
    return writer.text, writer.lines


def paths_of(tree: Any, path: KeyPath = ()) -> set[KeyPath]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return {found for key, value in items for found in ({(*path, key)} | paths_of(value, (*path, key)))}


@given(documents())
def test_every_key_has_the_line_it_was_written_on(document: tuple[str, dict[KeyPath, int]]) -> None:
    text, lines = document
    found = key_lines(text)
    assert set(found) == paths_of(tomllib.loads(text))
    assert found == lines


def test_a_table_named_first_by_its_child_stands_where_its_own_header_is() -> None:
    assert key_lines("[a.b]\n[a]\nc = 1\n") == {("a",): 2, ("a", "b"): 1, ("a", "c"): 3}


def test_an_empty_text_has_no_keys() -> None:
    assert key_lines("# nothing\n") == {}
