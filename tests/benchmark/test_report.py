import pytest
from bench.report import OPENING, merged, paragraph
from bench.run import PARTS, parts_named

TITLES = ["One", "Two", "Three"]


def test_a_part_replaces_its_own_section_only() -> None:
    report = merged("", {"One": "first\n\n### Within\n\ntext", "Two": "second"}, TITLES)
    assert merged(report, {"Two": "new"}, TITLES) == report.replace("second", "new")


def test_sections_stand_in_order_whenever_they_were_written() -> None:
    report = merged(merged("", {"Three": "c"}, TITLES), {"One": "a"}, TITLES)
    assert report == f"{OPENING}\n## One\n\na\n\n## Three\n\nc\n"


def test_writing_the_same_again_changes_nothing() -> None:
    report = merged("", {title: f"text of {title}" for title in TITLES}, TITLES)
    assert merged(report, {}, TITLES) == report
    assert merged(report, {"One": "text of One"}, TITLES) == report


def test_a_section_of_no_part_is_dropped() -> None:
    report = merged("", {"Old": "text"}, ["Old"])
    assert "Old" not in merged(report, {"One": "a"}, TITLES)


def test_parts_are_chosen_by_the_beginning_of_their_names() -> None:
    assert parts_named([]) == list(PARTS)
    assert parts_named(["tracking"]) == [name for name in PARTS if name.startswith("tracking-")]
    assert parts_named(["tracking-speed", "seeing-b"]) == ["seeing-busy", "tracking-speed"]


def test_an_unknown_part_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(SystemExit, match=f'no part "trak": choose from {", ".join(PARTS)}$'):
        parts_named(["seeing-busy", "trak"])


def test_a_paragraph_keeps_its_words_whole() -> None:
    words = ["opencv-python-headless"] * 40 + ["x" * 150]
    *lines, longest = paragraph(" ".join(words)).splitlines()
    assert max(map(len, lines)) <= 128
    assert " ".join([*lines, longest]).split() == words
