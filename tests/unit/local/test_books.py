"""The books say what is wrong, and nothing when nothing is."""

from dataclasses import replace

import pytest

from deploy.local.books import Books, HandOver, StageBook

BOOK = StageBook(
    "parser",
    took={"a", "b", "c", "d"},
    produced={"a", "b"},
    filtered={"c": "no text"},
    dead={"d"},
    sent={"a1", "b1"},
    duplicate=1,
)


def test_balanced_books_have_no_faults() -> None:
    assert Books([BOOK], [HandOver("parser to extract", {"a1"}, {"a1"})]).faults() == []
    assert Books([BOOK]).balanced


@pytest.mark.parametrize(
    ("book", "fault"),
    [
        (replace(BOOK, took={"a", "b", "c", "d", "e"}), "parser: 1 have no outcome, such as e"),
        (replace(BOOK, dead={"d", "a"}), "parser: 1 have more than one outcome, such as a"),
        (replace(BOOK, filtered={"c": "", "x": ""}), "parser: 1 have an outcome and were never taken in, such as x"),
    ],
)
def test_each_fault_is_named(book: StageBook, fault: str) -> None:
    assert Books([book]).faults() == [fault]
    assert not Books([book]).balanced


def test_what_one_gave_the_other_must_have_got() -> None:
    assert Books([], [HandOver("x to y", {"a", "b"}, {"b", "c"})]).faults() == [
        "x to y: 1 given and not got, such as a",
        "x to y: 1 got and not given, such as c",
    ]


def test_row_counts_distinct_ids_and_reasons() -> None:
    assert BOOK.row() == {
        "in": 4,
        "produced": 2,
        "sent": 2,
        "filtered": {"no text": 1},
        "duplicate": 1,
        "dead": 1,
    }


def test_table_has_a_line_for_each_stage() -> None:
    head, line = Books([BOOK]).table().splitlines()
    assert head.split()[:6] == ["stage", "in", "produced", "filtered", "dead", "sent"]
    assert line.split() == ["parser", "4", "2", "1", "1", "2", "1", "no", "text", "1"]
    assert head.index("filtered because") == line.index("no text")
