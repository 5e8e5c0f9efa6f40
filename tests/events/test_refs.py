from __future__ import annotations

import pytest

from polyaxon_airflow.events.refs import Ref, parse_ref


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        pytest.param("ops.train", Ref("ops", "train"), id="an operation"),
        pytest.param("runs.0de53b5bf8b04a219d12a39c6b92bcce", Ref("runs", "0de53b5bf8b04a219d12a39c6b92bcce"), id="a run"),
        pytest.param("runs?query=metrics.val_auc:<0.8, name:a|b", Ref("runs", "", {"query": ("metrics.val_auc:<0.8, name:a|b",)}), id="a query keeps its commas"),
        pytest.param("connections.code?branch=main&path=src/**,*.yaml&path=docs", Ref("connections", "code", {"branch": ("main",), "path": ("src/**", "*.yaml", "docs")}), id="lists by comma or by repeating"),
        pytest.param("connections.lake?path=a%2Cb/c%20d", Ref("connections", "lake", {"path": ("a,b/c d",)}), id="percent for what would be read otherwise"),
        pytest.param("connections.lake?path=days/{day}/x=1", Ref("connections", "lake", {"path": ("days/{day}/x=1",)}), id="braces and equals signs"),
    ],
)  # fmt: skip
def test_what_a_ref_says(text, ref):
    assert parse_ref(text) == ref
    assert parse_ref(str(ref)) == ref


def test_equal_refs_read_the_same():
    first, second = (
        parse_ref("connections.code?branch=main&every=5m"),
        parse_ref("connections.code?every=5m&branch=main"),
    )
    assert str(first) == str(second) == "connections.code?branch=main&every=5m"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{{ ops.train }}", "written without braces: ops.train", id="braces, as in old docs"),
        pytest.param("train", "begins with one of ops, runs, dags, connections, events", id="a bare name"),
        pytest.param("connection.code", "begins with one of", id="a misspelt beginning"),
        pytest.param("ops", "names nothing; write ops.NAME", id="no name"),
        pytest.param("runs", "write runs.NAME or runs?query=...", id="neither run nor query"),
        pytest.param("connections.code?branch", "an option without a value: 'branch'; write branch=VALUE", id="an option without a value"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_ref(text, message):
    with pytest.raises(ValueError, match="ref '") as raised:
        parse_ref(text)
    assert message in str(raised.value)
