from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.events.patterns import Pattern


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        pytest.param("a/b.csv", "a/b.csv", {}, id="itself"),
        pytest.param("a/b.csv", "a/b.csvx", None, id="nothing more than itself"),
        pytest.param("*.csv", "b.csv", {}, id="a star"),
        pytest.param("*.csv", "a/b.csv", None, id="a star stays in its folder"),
        pytest.param("**/*.csv", "a/b/c.csv", {}, id="two stars go down"),
        pytest.param("**/*.csv", "c.csv", {}, id="or not"),
        pytest.param("src/**", "src/a/b", {}, id="everything below"),
        pytest.param("src/**", "srcs/a", None, id="a folder is a whole name"),
        pytest.param("a?c", "abc", {}, id="a question mark"),
        pytest.param("a[0-9]", "a7", {}, id="a set"),
        pytest.param("a[!0-9]", "a7", None, id="all but a set"),
        pytest.param("days/{day}/_SUCCESS", "days/2026-01-01/_SUCCESS", {"day": "2026-01-01"}, id="a named part"),
        pytest.param("{y}/{m}/{y}-{m}.csv", "2026/01/2026-01.csv", {"y": "2026", "m": "01"}, id="a name twice is the same text"),
        pytest.param("{y}/{y}.csv", "2026/2027.csv", None, id="and no other"),
        pytest.param("a.b", "aXb", None, id="a dot is a dot"),
        pytest.param("a{b", "a{b", {}, id="half a brace is a brace"),
    ],
)  # fmt: skip
def test_matches(pattern, path, found):
    assert Pattern(pattern).match(path) == found


@pytest.mark.parametrize(
    ("pattern", "prefix", "is_literal"),
    [
        ("parts/{day}/*.parquet", "parts/", False),
        ("parts/2026*", "parts/", False),
        ("a/b/c.csv", "a/b/", True),
        ("**", "", False),
        ("c.csv", "", True),
    ],
)
def test_where_its_matches_lie(pattern, prefix, is_literal):
    assert (Pattern(pattern).prefix, Pattern(pattern).is_literal) == (prefix, is_literal)


@given(
    st.lists(st.sampled_from(["a", "b/", "*", "**/", "?", "{x}", "."]), min_size=1).map("".join),
    st.text("ab/.", min_size=1),
)
def test_every_match_lies_below_the_prefix(pattern, path):
    if Pattern(pattern).match(path) is not None:
        assert path.startswith(Pattern(pattern).prefix)
