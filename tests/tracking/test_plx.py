import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.tracking.plx import PlxReader

NOW = 5000.0
HEADER = "step|timestamp|metric"


def file(*rows):
    """As traceml writes it: each row preceded by a newline, none at the end."""
    return HEADER + "".join(f"\n{row}" for row in rows)


def read(text, *more):
    """Steps and values of a file that grows in these pieces, up to its end."""
    reader = PlxReader("loss")
    points = [point for piece in (text, *more) for point in reader.feed(piece.encode(), NOW)]
    return [(point.step, point.value) for point in [*points, *reader.settle(NOW)]]


# From spec section 5.3, written by traceml 1.5.
WRITTEN = file(
    "0|2026-11-21 19:19:23.515635+00:00|1.0",
    "1|2026-11-21 19:19:23.515836+00:00|0.5",
    "2|2026-11-21 19:19:23.515912+00:00|0.3333333333333333",
)


def test_a_file_of_traceml():
    reader = PlxReader("loss")
    points = [*reader.feed(WRITTEN.encode(), NOW), *reader.settle(NOW)]
    assert [point.name for point in points] == ["loss"] * 3
    assert [(point.step, point.value) for point in points] == [(0, 1.0), (1, 0.5), (2, 0.3333333333333333)]
    assert points[1].at == 1795288763.515836  # 2026-11-21 19:19:23.515836 UTC


@pytest.mark.parametrize(
    ("rows", "points"),
    [
        pytest.param([], [], id="only a header"),
        pytest.param(["0||1.0"], [(0, 1.0)], id="no time"),
        pytest.param(
            ["|2026-11-21|1.0", "|2026-11-21|0.5"], [(1, 1.0), (2, 0.5)], id="no steps: the row's number"
        ),
        pytest.param(["3.0||1"], [(3, 1.0)], id="a step with a point"),
        pytest.param(["5||1", "2||2", "5||3"], [(5, 1.0), (2, 2.0), (5, 3.0)], id="steps as they come"),
        pytest.param(["0||inf", "1||-inf"], [(0, math.inf), (1, -math.inf)], id="infinities"),
        pytest.param(["0||1e-09"], [(0, 1e-9)], id="an exponent"),
        pytest.param(["0||1.0", "", "1||2.0"], [(0, 1.0), (1, 2.0)], id="a blank line"),
        pytest.param(
            ["0||1.0", HEADER, "1||2.0"], [(0, 1.0), (1, 2.0)], id="a header again, of a second writer"
        ),
        pytest.param(["0||one", "1||2.0"], [(1, 2.0)], id="no number"),
        pytest.param(["x||1.0", "1||2.0"], [(1, 2.0)], id="no step"),
        pytest.param([f"{2**80}||1.0", "1||2.0"], [(1, 2.0)], id="a step that no database holds"),
        pytest.param(["0|1.0", "1||2.0"], [(1, 2.0)], id="a cell too few"),
    ],
)
def test_rows(rows, points):
    assert read(file(*rows)) == points


def test_nan_is_a_value():
    ((step, value),) = read(file("0||nan"))
    assert step == 0
    assert math.isnan(value)


def test_the_first_row_that_is_none_is_told():
    reader = PlxReader("loss")
    reader.feed(b"step|timestamp|metric\n0||one\n1||two\n", NOW)
    assert reader.problems == ["'0||one' is not step|timestamp|value"]


def test_the_last_row_waits_until_it_settles():
    reader = PlxReader("loss")
    assert reader.feed(b"step|timestamp|metric\n0||1.0\n1||0.5", NOW) == [("loss", 0, 1.0, NOW)]
    assert reader.settle(NOW) == [("loss", 1, 0.5, NOW)]
    assert reader.settle(NOW) == []
    assert reader.feed(b"\n2||0.25", NOW) == []  # row 1 was not torn, and is not given again
    assert reader.settle(NOW) == [("loss", 2, 0.25, NOW)]


def test_a_settled_row_that_was_torn_is_given_again():
    reader = PlxReader("loss")
    reader.feed(b"step|timestamp|metric\n0||0.0", NOW)
    assert reader.settle(NOW) == [("loss", 0, 0.0, NOW)]
    assert reader.feed(b"5\n1||0.04", NOW) == [("loss", 0, 0.05, NOW)]


@pytest.mark.parametrize("settles", [False, True])
@pytest.mark.parametrize("text", [WRITTEN, file("|2026-11-21|0.12", "|2026-11-21|nan", "||1e-05")])
def test_cut_at_every_byte_nothing_is_lost_and_the_last_word_is_right(text, settles):
    whole = {point.step: repr(point.value) for point in _points(PlxReader("loss"), text.encode())}
    for cut in range(len(text) + 1):
        reader = PlxReader("loss")
        points = reader.feed(text[:cut].encode(), NOW)
        assert [point.step for point in points] == list(whole)[: len(points)]
        if settles:
            points += reader.settle(NOW)
        points += _points(reader, text[cut:].encode())
        assert {point.step: repr(point.value) for point in points} == whole, f"cut at byte {cut}"


def _points(reader, appended):
    return [*reader.feed(appended, NOW), *reader.settle(NOW)]


@given(
    values=st.lists(st.floats(), max_size=20),
    cuts=st.lists(st.integers(0, 600), max_size=8),
    steps=st.booleans(),
)
def test_any_values_in_any_pieces(values, cuts, steps):
    rows = [
        f"{number if steps else ''}|2026-11-21 19:19:23|{value}" for number, value in enumerate(values, 1)
    ]
    text = file(*rows)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    assert [(step, repr(value)) for step, value in read(*pieces)] == [
        (number, repr(value)) for number, value in enumerate(values, 1)
    ]
