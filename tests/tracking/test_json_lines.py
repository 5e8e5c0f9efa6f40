import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.tracking.json_lines import JsonLinesReader

NOW = 5000.0


def read(*pieces):
    reader = JsonLinesReader()
    points = [point for piece in pieces for point in reader.feed(piece.encode(), NOW)]
    return [tuple(point) for point in [*points, *reader.settle(NOW)]]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        pytest.param('{"step": 3, "loss": 0.5}\n', [("loss", 3, 0.5, NOW)], id="a report"),
        pytest.param(
            '{"step": 0, "loss": 0.5, "acc": 1}\n',
            [("loss", 0, 0.5, NOW), ("acc", 0, 1.0, NOW)],
            id="two metrics",
        ),
        pytest.param('{"step": 3, "loss": 0.5}', [("loss", 3, 0.5, NOW)], id="no newline at the end"),
        pytest.param(
            '{"loss": 2}\n{"acc": 1}\n{"loss": 1}\n',
            [("loss", 1, 2.0, NOW), ("acc", 1, 1.0, NOW), ("loss", 2, 1.0, NOW)],
            id="no steps: the n-th of a name",
        ),
        pytest.param('{"epoch": 2, "loss": 1}\n', [("loss", 2, 1.0, NOW)], id="an epoch is a step"),
        pytest.param(
            '{"epoch": 2, "step": 40, "loss": 1}\n',
            [("epoch", 40, 2.0, NOW), ("loss", 40, 1.0, NOW)],
            id="beside a step it is a metric",
        ),
        pytest.param(
            '{"step": "3", "loss": "0.5"}\n', [("loss", 3, 0.5, NOW)], id="numbers as texts (Vertex)"
        ),
        pytest.param('{"global_step": "3", "loss": 1}\n', [("loss", 3, 1.0, NOW)], id="Vertex's step"),
        pytest.param(
            '{"step": 1, "loss": 1, "ts": 1763750000.5}\n', [("loss", 1, 1.0, 1763750000.5)], id="its time"
        ),
        pytest.param(
            '{"step": 1, "loss": 1, "timestamp": 1763750000500}\n',
            [("loss", 1, 1.0, 1763750000.5)],
            id="in ms",
        ),
        pytest.param(
            '{"step": 1, "loss": 1, "timestamp": "2025-11-21T18:33:20+00:00"}\n',
            [("loss", 1, 1.0, 1763750000.0)],
            id="as a date",
        ),
        pytest.param('{"step": 1, "loss": Infinity}\n', [("loss", 1, math.inf, NOW)], id="an infinity"),
        pytest.param(
            '{"step": 1, "val/acc top": 1}\n', [("val__acc-top", 1, 1.0, NOW)], id="a name as traceml has it"
        ),
        pytest.param(
            '{"step": 1, "note": "x", "ok": true, "no": null, "list": [1], "loss": 2}\n',
            [("loss", 1, 2.0, NOW)],
            id="what is no number is no metric",
        ),
        pytest.param('\n\n{"loss": 1}\r\n', [("loss", 1, 1.0, NOW)], id="blank lines, Windows' ends"),
        pytest.param(
            f'{{"step": {2**70}, "loss": 1}}\n', [("step", 1, 2.0**70, NOW), ("loss", 1, 1.0, NOW)], id="step"
        ),
    ],
)
def test_reports(text, points):
    assert read(text) == points


def test_nan_is_a_value():
    ((*_, value, _),) = read('{"step": 1, "loss": NaN}\n')
    assert math.isnan(value)


@pytest.mark.parametrize("line", ["loss=0.5", "[1, 2]", '{"loss": 1', "3", "{'loss': 1}", "[" * 100_000])
def test_the_first_line_that_is_no_report_is_told(line):
    reader = JsonLinesReader()
    assert reader.feed(f'{{"loss": 1}}\n{line}\n{line}\n{{"loss": 2}}\n'.encode(), NOW)[-1].value == 2.0
    assert reader.problems == [f"line 2 is not a JSON object: {line[:80]!r}"]


def test_a_line_without_end_does_not_fill_the_memory():
    reader = JsonLinesReader()
    for _ in range(40):
        reader.feed(b"x" * 100_000, NOW)
    assert reader.feed(b'\n{"loss": 1}\n', NOW) == [("loss", 1, 1.0, NOW)]


WRITTEN = '{"step": 1, "loss": 0.5, "x": {"y": 1}}\n{"loss": 1e-05}\n{"loss": "nan", "acc": 0.12}'


def test_cut_at_every_byte_each_point_comes_once_and_whole():
    whole = [repr(point) for point in read(WRITTEN)]
    for cut in range(len(WRITTEN) + 1):
        reader = JsonLinesReader()
        points = [*reader.feed(WRITTEN[:cut].encode(), NOW), *reader.settle(NOW)]
        points += [*reader.feed(WRITTEN[cut:].encode(), NOW), *reader.settle(NOW)]
        assert [repr(tuple(point)) for point in points] == whole, f"cut at byte {cut}"


REPORTS = st.lists(
    st.dictionaries(st.sampled_from(["loss", "acc", "step", "é"]), st.integers(0, 9), min_size=1)
)


@given(reports=REPORTS, cuts=st.lists(st.integers(0, 400), max_size=8))
def test_any_reports_in_any_pieces(reports, cuts):
    text = "".join(json.dumps(report, ensure_ascii=False) + "\n" for report in reports).encode()
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    reader = JsonLinesReader()
    points = []
    for start, end in pairwise(edges):
        points += [*reader.feed(text[start:end], NOW), *reader.settle(NOW)]
    assert [tuple(point) for point in points] == read(text.decode())
