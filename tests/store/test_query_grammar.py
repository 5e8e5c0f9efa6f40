import json
from datetime import timedelta, timezone

import pytest

from polyaxon_airflow.errors import QueryError
from polyaxon_airflow.store.query import grammar, parse_query, parse_sort
from polyaxon_airflow.store.query.dates import Span, read_date
from polyaxon_airflow.store.query.parse import All, Comparison, Either
from tests import oracle
from tests.store.samples import NOON


def shown(tree):
    """A tree in brackets: AND as [a b], OR as {a b}."""
    if isinstance(tree, grammar.Expression):
        return f"{tree.field}:{tree.operation}"
    inside = " ".join(shown(part) for part in tree.parts)
    return f"[{inside}]" if isinstance(tree, grammar.All) else f"{{{inside}}}"


TREES = [
    pytest.param("a:1", "a:1", id="one expression"),
    pytest.param(" a : 1 ", "a:1", id="spaces around"),
    pytest.param("a:1, b:2", "[a:1 b:2]", id="a comma is AND"),
    pytest.param("a:1 AND b:2 and c:3", "[a:1 b:2 c:3]", id="AND in any case"),
    pytest.param("a:1 OR b:2", "{a:1 b:2}", id="OR"),
    pytest.param("a:1 | b:2", "{a:1 b:2}", id="a bar between expressions is OR"),
    pytest.param("a:1|2", "a:1|2", id="a bar without spaces is a list"),
    pytest.param("a:1 | 2", "a:1 | 2", id="a bar before no expression is a list"),
    pytest.param("a:1 |b:2", "a:1 |b:2", id="a bar with a space on one side is a list"),
    pytest.param("a:1, b:2 OR c:3", "{[a:1 b:2] c:3}", id="AND binds tighter"),
    pytest.param("a:1, (b:2 OR c:3)", "[a:1 {b:2 c:3}]", id="parentheses group"),
    pytest.param("(a:1)OR(b:2)", "{a:1 b:2}", id="no spaces at parentheses"),
    pytest.param("(a:1) |c:3", "{a:1 c:3}", id="a bar after a group is OR"),
    pytest.param("((a:1))", "a:1", id="groups of one"),
    pytest.param("a:>2014-10-10 10:10, b:1", "[a:>2014-10-10 10:10 b:1]", id="colons in a value"),
    pytest.param("a:ORder", "a:ORder", id="a word that begins with OR"),
    pytest.param("a:1\n  AND b:2", "[a:1 b:2]", id="over lines"),
    pytest.param("a:~ AND b:1", "[a:~ b:1]", id="a lonely ~"),
    pytest.param("metrics.val-loss:<1", "metrics.val-loss:<1", id="a hyphen in a name (ours)"),
    pytest.param('a:"x, (y) OR z", b:1', '[a:"x, (y) OR z" b:1]', id="a quoted text (ours)"),
    pytest.param('a:5", b:6"', '[a:5" b:6"]', id="quotes inside words quote nothing"),
]
REFUSED = [
    "", "  ", "a:1,", "a:1,,b:2", "a:", "a: ", "a:1 AND", "a:x OR", "a:x AND y", "(a:1", "a:1)", "a:(1)",
    "a:foo(1)", "a:1 AND(b:2)", "a-b:1", "a.b.c:1", "a", "a b", ":1", "a:1 OR OR b:2",
]  # fmt: skip


@pytest.mark.parametrize(("query", "tree"), TREES)
def test_what_belongs_together(query, tree):
    assert shown(grammar.read(query)) == tree


@pytest.mark.parametrize("query", REFUSED)
def test_what_is_no_query(query):
    with pytest.raises(QueryError):
        grammar.read(query)


OFFICIAL = """
import sys, json
from polyaxon._pql.grammar import parse_query
from polyaxon._pql.ast import AndNode, ExpressionNode

def shown(tree):
    if isinstance(tree, ExpressionNode):
        return f"{tree.field}:{tree.operation}"
    inside = " ".join(shown(part) for part in tree.children)
    return f"[{inside}]" if isinstance(tree, AndNode) else f"{{{inside}}}"

def read(query):
    try:
        return shown(parse_query(query))
    except Exception:
        return None

json.dump([read(query) for query in json.load(sys.stdin)], sys.stdout)
"""


@oracle.needed
def test_the_official_parser_agrees():
    rows = [(param.values[0], param.values[1]) for param in TREES if "(ours)" not in param.id]
    rows += [(query, None) for query in REFUSED]
    read = json.loads(oracle.output(OFFICIAL, json.dumps([query for query, _ in rows])))
    assert read == [tree for _, tree in rows]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param(
            "status:done, metric.loss:<1",
            "unknown field 'metric.loss'; known: agent, artifacts, .*, wait_time. Did you mean 'metrics'?\n"
            "  status:done, metric.loss:<1\n"
            "               ^",
            id="an unknown field",
        ),
        pytest.param(
            "metrics:>1", "metrics needs a name. Write, for example, metrics.loss.", id="no name of a metric"
        ),
        pytest.param("status.x:1", "status has no 'x'. Write status.", id="a name where there is none"),
        pytest.param(
            "metrics.loss:1|2",
            "metrics.loss does not take a list (|). Write metrics.loss:1 OR metrics.loss:2.\n"
            "  metrics.loss:1|2\n"
            "               ^",
            id="a list of numbers",
        ),
        pytest.param(
            "metrics.loss:1..2",
            "metrics.loss does not take a range (..). Write metrics.loss:>=1, metrics.loss:<=2.",
            id="a range of numbers",
        ),
        pytest.param("metrics.loss:low", "metrics.loss takes a number, got 'low'", id="a word for a number"),
        pytest.param("status:a..b", "status does not take a range (..)", id="a range of words"),
        pytest.param(
            "created_at:today|yesterday", "created_at does not take a list (|)", id="a list of dates"
        ),
        pytest.param(
            "created_at:soon",
            "created_at takes a date, got 'soon'. Write 2026-07-01, 2026-07-01 12:30 or one of: today, yesterday,",
            id="no date",
        ),
        pytest.param("created_at:2026-02-30", "created_at takes a date, got '2026-02-30'", id="no such day"),
        pytest.param(
            "created_at:a .. b .. c", "created_at takes a range of two dates", id="three ends of a range"
        ),
        pytest.param("name:>a", "name does not take >", id="a comparison of names"),
        pytest.param(
            "name:%", "name takes one text between %. Write name:%text%, name:text% or name:%text", id="%"
        ),
        pytest.param("tags:>a", "tags does not take >", id="a comparison of tags"),
        pytest.param(
            "status:a|", "status takes a list of two values or more. Write status:one|two.", id="half a list"
        ),
        pytest.param("status:~", "status needs a value. Write status:value.", id="nothing negated"),
        pytest.param("status:>", "status needs a value", id="nothing compared"),
        pytest.param(
            "memory:>1Xi", "memory takes a number with or without a unit (k, m, g,", id="an unknown unit"
        ),
        pytest.param("is_managed:maybe", "is_managed takes true or false, got 'maybe'", id="no truth"),
        pytest.param(
            "status:done,", "expected field:value. Write, for example, status:succeeded", id="nothing more"
        ),
        pytest.param("(status:done", "this ( is not closed", id="an open parenthesis"),
        pytest.param("status:done)", "this ) was not opened", id="a stray parenthesis"),
        pytest.param("(" * 60 + "a:1", "parentheses nest at most 50 deep", id="too deep"),
        pytest.param(", ".join(["name:x"] * 501), "a query has at most 500 expressions", id="too many"),
        pytest.param(
            "name:" + "x" * 20_000, "a query has at most 20000 characters, this one has 20005", id="too long"
        ),
    ],
)
def test_faults_say_what_and_where(query, message):
    with pytest.raises(QueryError) as raised:
        parse_query(query, NOON)
    start, known, end = message.partition(".*")
    assert str(raised.value).startswith(start)
    if known:
        assert str(raised.value).endswith(end)


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        pytest.param("name", [("name", None, False)], id="a column"),
        pytest.param(
            "-metrics.loss , name", [("outputs", "loss", True), ("name", None, False)], id="several"
        ),
        pytest.param("- created_at", [("created_at", None, True)], id="a space behind the sign"),
    ],
)
def test_what_to_sort_by(sort, keys):
    assert [(order.field.name, order.field.key, order.descending) for order in parse_sort(sort)] == keys


@pytest.mark.parametrize(
    ("sort", "message"),
    [
        pytest.param("name,-losss", "unknown field 'losss'", id="an unknown field"),
        pytest.param("tags", "runs cannot be sorted by tags: a run may have several, or none", id="tags"),
        pytest.param(" , ", "expected a field to sort by", id="nothing"),
    ],
)
def test_what_cannot_be_sorted_by(sort, message):
    with pytest.raises(QueryError, match=message):
        parse_sort(sort)


def at(*moment, zone=timezone.utc):
    return NOON.replace(*moment, tzinfo=zone)


BERLIN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        pytest.param("2026-06-30", at(2026, 6, 30, 0), timedelta(days=1), id="a day"),
        pytest.param("2026-6-3", at(2026, 6, 3, 0), timedelta(days=1), id="a day without zeros"),
        pytest.param("2026-06-30 08:15", at(2026, 6, 30, 8, 15), timedelta(minutes=1), id="a minute"),
        pytest.param("2026-06-30T08:15", at(2026, 6, 30, 8, 15), timedelta(minutes=1), id="a minute with T"),
        pytest.param("2026-06-30 08:15:30", at(2026, 6, 30, 8, 15, 30), timedelta(seconds=1), id="a second"),
        pytest.param(
            "2026-06-30T08:15:30.000001Z",
            at(2026, 6, 30, 8, 15, 30, 1),
            timedelta(microseconds=1),
            id="a moment",
        ),
        pytest.param(
            "2026-06-30T08:15:30+02:00",
            at(2026, 6, 30, 6, 15, 30),
            timedelta(seconds=1),
            id="with its offset",
        ),
        pytest.param("today", at(2026, 7, 1, 0), timedelta(days=1), id="today"),
        pytest.param("yesterday", at(2026, 6, 30, 0), timedelta(days=1), id="yesterday"),
        pytest.param("last_week", at(2026, 6, 24, 12), None, id="last week"),
        pytest.param("last_month", at(2026, 6, 1, 12), None, id="last month: 30 days, as in Polyaxon"),
    ],
)
def test_the_time_that_a_date_stands_for(text, start, length):
    assert read_date(text, NOON) == Span(start, length and start + length)


def test_days_are_those_of_the_one_who_asks():
    asked = at(2026, 7, 1, 1, zone=BERLIN)  # 23:00 of the day before, in UTC
    assert read_date("today", asked).start == at(2026, 6, 30, 22)
    assert read_date("2026-07-01", asked).start == at(2026, 6, 30, 22)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026", "2026-13-01", "0001-01-01", "9999-12-31", "12:30", "2026-07-01 25:00"]
)
def test_what_is_no_date(text):
    assert read_date(text, NOON) is None


def test_a_query_is_a_tree_of_checked_comparisons():
    tree = parse_query("status:failed, metrics.loss:<1 OR tags:best", NOON)
    assert isinstance(tree, Either)
    both, tags = tree.parts
    assert isinstance(both, All)
    assert isinstance(tags, Comparison)
    assert [part.field.source for part in both.parts] == ["column", "mapping"]
