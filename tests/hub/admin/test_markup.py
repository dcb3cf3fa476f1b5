"""Texts stay texts, wherever they are put."""

from hypothesis import given
from hypothesis import strategies as st
from tests.hub.admin.conftest import MARK, Read

from throng.hub.admin.markup import Html, joined, tag

# Browsers read a line break in several ways, and no page can hold the character of number zero or half a character.
TEXTS = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])) | st.just(MARK)


@given(TEXTS, TEXTS)
def test_a_text_comes_back_as_it_was_put_in_and_is_never_an_element(inside: str, attribute: str) -> None:
    page = Read(tag("p", inside, tag("b", inside), title=attribute))
    assert page.elements == [("p", {"title": attribute}), ("b", {})]
    assert "".join(page.texts) == inside * 2


def test_markup_is_put_in_as_it_is_and_a_text_like_it_is_not() -> None:
    assert joined(tag("i", "x"), "<i>") == "<i>x</i>&lt;i&gt;"
    assert isinstance(joined("<i>"), Html)


def test_an_attribute_that_is_off_is_left_out() -> None:
    told = tag("input", required=True, readonly=False, value="", list_=None, aria_label="a", class_="b", minlength=0)
    assert told == '<input required value="" aria-label="a" class="b" minlength="0">'
