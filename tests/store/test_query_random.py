"""Random queries over random runs, against a plain reading of them in Python."""

import json
import math
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import NOON, after, run, uuid

DAY = 86_400


def random_run(number):
    """A run with holes: what a field may be, or nothing."""
    dice = random.Random(number)

    def one(*values):
        return dice.choice([None, *values])

    moments = [after(-dice.randrange(60 * DAY)) for _ in range(2)]
    lr = one(0.1, 0.5, 1, 3, "0.1", "high", True, [1], math.inf)
    loss = one(0.1, 0.25, 0.5, 1.0, -3.0, math.nan, -math.inf, "low")
    return run(
        number,
        name=dice.choice(["train", "Train-2", "eval", "50%_x", "Zoë"]),
        description=one("a first", "A Second", "third_%"),
        created_at=moments[0],
        finished_at=one(moments[1]),
        status=dice.choice(["created", "running", "succeeded", "failed"]),
        user=one("ada", "bob"),
        queue=one("gpu", "cpu", "1"),
        pipeline=one(uuid(500), uuid(501)),
        duration=one(0.0, 1.5, 60.0, 3600.0),
        cost=one(0.0, 2.0, 10.0),
        cpu=one(0.5, 1.0, 2.0),
        memory=one(5e8, 1024.0**3),
        inputs={} if lr is None else {"lr": lr},
        outputs={} if loss is None else {"loss": loss},
        meta=one({"iteration": 1, "good": True}, {"iteration": 2, "good": False}) or {},
        tags=tuple(tag for tag in ("a", "b", "c d") if dice.random() < 0.4),
    )


RUNS = [random_run(number) for number in range(1, 151)]


@pytest.fixture(scope="module")
def crowd(shared):
    for each in RUNS:
        shared.runs.begin(each)
    return shared


def choose(*values):
    return st.sampled_from(values)


def lower(text):
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


COMPARE = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def compared(field, get, literals, usable):
    """`field:>literal`, plain or negated: never true of a run without a usable value."""

    def build(mark, literal, negated):
        def holds(run):
            value = get(run)
            return usable(value) and COMPARE[mark](value, literals[literal]) != negated

        return f"{field}:{'~' * negated}{mark}{literal}", holds

    return st.builds(build, choose(*COMPARE), choose(*literals), st.booleans())


def negatable(field, operation, matches):
    """`field:operation` or its complement."""
    return st.booleans().map(
        lambda negated: (f"{field}:{'~' * negated}{operation}", lambda run: bool(matches(run)) != negated)
    )


def equals(field, get, *words):
    return choose(*words).flatmap(lambda word: negatable(field, word, lambda run: get(run) == word))


def listed(field, get, *words):
    two = st.lists(choose(*words), min_size=2, max_size=3)
    return two.flatmap(lambda some: negatable(field, "|".join(some), lambda run: get(run) in some))


def missing(field, is_missing):
    return negatable(field, "nil", is_missing)


def column(name):
    return lambda run: getattr(run, name)


def lr(run):
    return run.inputs.get("lr")


def loss(run):
    return run.outputs.get("loss")


def param_equals(word):
    """A word equals a number by value and anything else by its text."""

    def matches(run):
        value = lr(run)
        if is_number(value):
            return word.replace(".", "").isdigit() and value == float(word)
        return value is not None and word == {True: "true"}.get(value if value is True else None, value)

    return matches


def in_span(get, first, last):
    def matches(run):
        value = get(run)
        return value is not None and first <= value < last

    return matches


def day(number):
    return NOON.replace(hour=0) - timedelta(days=number)


def dates(field):
    get = column(field)
    words = {f"{day(number):%Y-%m-%d}": day(number) for number in (1, 10, 31)}
    days = choose(*words).flatmap(
        lambda word: negatable(field, word, in_span(get, words[word], words[word] + timedelta(days=1)))
    )
    spans = st.tuples(choose(*words), choose(*words)).flatmap(
        lambda ends: negatable(
            field, " .. ".join(ends), in_span(get, words[ends[0]], words[ends[1]] + timedelta(days=1))
        )
    )
    month = negatable(field, "last_month", in_span(get, NOON - timedelta(days=30), NOON + timedelta(days=9)))
    return days | spans | month | compared(field, get, words, lambda value: value is not None)


def patterns(field):
    def build(text):
        def cleaned(run):
            return lower(getattr(run, field) or "")

        return (
            negatable(field, f"%{text}%", lambda run: lower(text) in cleaned(run))
            | negatable(field, f"{text}%", lambda run: cleaned(run).startswith(lower(text)))
            | negatable(field, f"%{text}", lambda run: cleaned(run).endswith(lower(text)))
        )

    return choose("train", "T", "_", "2", "ë", "second").flatmap(build)


NUMBERS = {"0": 0.0, "0.1": 0.1, "0.5": 0.5, "1": 1.0, "-3": -3.0, "1e0": 1.0, "60": 60.0, "inf": math.inf}
FLAG = {"true": True, "false": False}

EXPRESSIONS = st.one_of(
    equals("status", column("status"), "running", "failed", "lost"),
    listed("status", column("status"), "running", "succeeded", "lost"),
    equals("queue", column("queue"), "gpu", "1"),
    missing("user", lambda run: run.user is None),
    equals("pipeline", column("pipeline"), uuid(500), uuid(7)),
    equals("name", column("name"), "train", "eval", "Zoë"),
    listed("description", column("description"), "a first", "third_%"),
    patterns("name"),
    patterns("description"),
    compared("cost", column("cost"), NUMBERS, is_number),
    compared("duration", column("duration"), NUMBERS, is_number),
    choose("0", "1.5", "60").flatmap(
        lambda word: negatable("duration", word, lambda run: run.duration == float(word))
    ),
    compared("cpu", column("cpu"), {"500m": 0.5, "1": 1.0, "1500m": 1.5}, is_number),
    compared("memory", column("memory"), {"1Gi": 1024.0**3, "500M": 5e8, "1": 1.0}, is_number),
    dates("created_at"),
    dates("finished_at"),
    missing("finished_at", lambda run: run.finished_at is None),
    compared("metrics.loss", loss, NUMBERS, is_number),
    missing("metrics.loss", lambda run: not is_number(loss(run))),
    missing("outputs.loss", lambda run: "loss" not in run.outputs),
    compared("params.lr", lr, NUMBERS, is_number),
    choose("0.1", "1", "high", "true", "none").flatmap(
        lambda word: negatable("params.lr", word, param_equals(word))
    ),
    st.lists(choose("0.1", "3", "high", "true"), min_size=2, max_size=3).flatmap(
        lambda words: negatable(
            "params.lr", " | ".join(words), lambda run: any(param_equals(word)(run) for word in words)
        )
    ),
    compared("meta_values.iteration", lambda run: run.meta.get("iteration"), {"1": 1, "1.5": 1.5}, is_number),
    choose(*FLAG).flatmap(
        lambda word: negatable("meta_flags.good", word, lambda run: run.meta.get("good") is FLAG[word])
    ),
    choose("a", "c d", "z").flatmap(lambda word: negatable("tags", word, lambda run: word in run.tags)),
    st.lists(choose("a", "b", "z"), min_size=2, max_size=2).flatmap(
        lambda words: negatable("tags", "|".join(words), lambda run: set(words) & set(run.tags))
    ),
    missing("tags", lambda run: not run.tags),
)


def joined(parts, mark, combine):
    texts = [f"({text})" for text, _ in parts]
    return mark.join(texts), lambda run: combine(holds(run) for _, holds in parts)


def grouped(inner):
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.builds(lambda parts, mark: joined(parts, mark, all), several, choose(", ", " AND ", ",", " and ")),
        st.builds(lambda parts, mark: joined(parts, mark, any), several, choose(" OR ", " | ", "OR")),
    )


@given(query=st.recursive(EXPRESSIONS, grouped, max_leaves=6))
def test_random_queries_mean_what_python_says(crowd, query):
    text, holds = query
    found = {run.uuid for run in crowd.runs.find(text, at=NOON)}
    assert found == {run.uuid for run in RUNS if holds(run)}


SORTS = {
    "name": column("name"),
    "cost": column("cost"),
    "created_at": column("created_at"),
    "description": column("description"),
}


def nothing_last(runs, get, descending):
    present = sorted((run for run in runs if get(run) is not None), key=get, reverse=descending)
    return [*present, *(run for run in runs if get(run) is None)]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_sorted_by_a_column(crowd, sort, descending):
    order = crowd.runs.find(at=NOON, sort="-" * descending + sort)
    assert [run.uuid for run in order] == [run.uuid for run in nothing_last(RUNS, SORTS[sort], descending)]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    "query", ["metrics.loss:~nil", "metrics.loss:~>0.1, status:~lost", "metrics.loss:0.5"]
)
def test_sorted_by_a_metric_that_all_have(crowd, query, descending):
    chosen = {run.uuid for run in crowd.runs.find(query, at=NOON)}
    assert chosen
    expected = sorted((run for run in RUNS if run.uuid in chosen), key=loss, reverse=descending)
    order = crowd.runs.find(query, at=NOON, sort="-" * descending + "metrics.loss")
    assert [run.uuid for run in order] == [run.uuid for run in expected]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("sort", "get"), [("metrics.loss", loss), ("params.lr", lr)])
def test_sorted_by_a_value_numbers_first(crowd, sort, get, descending):
    def number(run):
        return get(run) if is_number(get(run)) else None

    def text(run):
        value = get(run)
        return (
            value
            if value is None or isinstance(value, str)
            else None
            if is_number(value)
            else json.dumps(value)
        )

    expected = nothing_last(nothing_last(RUNS, text, descending), number, descending)
    order = crowd.runs.find(at=NOON, sort="-" * descending + sort)
    assert [run.uuid for run in order] == [run.uuid for run in expected]
