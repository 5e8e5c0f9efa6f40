"""Templates: what they can say, and that none gets out of its values or runs on."""

import time
import tracemalloc

import pytest

from polyaxon_airflow.compiler.sandbox import check_template, render_text
from polyaxon_airflow.errors import CompilationError

VALUES = {
    "lr": 0.1,
    "name": "train",
    "layers": [64, 32],
    "tags": {"a": 1, "items": 2},
    "flag": True,
    "none": None,
    "runs": ["r1", "r2"],
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("no template", "no template", id="plain text"),
        pytest.param("{{ lr }}", "0.1", id="a value"),
        pytest.param("{{ unknown }}", "", id="an unknown name is empty"),
        pytest.param("{{ none }}", "None", id="null"),
        pytest.param("{{ tags.a + 1 }}", "2", id="arithmetic on a member"),
        pytest.param("{{ name ~ '-' ~ lr }}", "train-0.1", id="a concatenation"),
        pytest.param("{% if flag %}on{% else %}off{% endif %}", "on", id="a condition"),
        pytest.param("{% for layer in layers %}{{ layer }};{% endfor %}", "64;32;", id="a loop"),
        pytest.param("{% for x in layers %}{{ loop.index }}{% endfor %}", "12", id="the variable of a loop"),
        pytest.param("{% set x = lr * 2 %}{{ x }}", "0.2", id="an assignment"),
        pytest.param("{{ layers | join(',') }}", "64,32", id="a filter"),
        pytest.param("{{ name.upper().replace('T', 't') }}", "tRAIN", id="methods of text"),
        pytest.param("{{ '%.3f' | format(lr) }}", "0.100", id="the format filter"),
        pytest.param("{{ '%.3f' % lr }}", "0.100", id="the format operator"),
        pytest.param("{{ lr | default(1) }}/{{ unknown | default(1) }}", "0.1/1", id="a default"),
        pytest.param("{{ range(3) | list }}", "[0, 1, 2]", id="a range"),
        pytest.param("{{ layers | slice(2) | list }}", "[[64], [32]]", id="slices"),
        pytest.param("{{ 'a' if lr > 0.01 else 'b' }}", "a", id="a conditional expression"),
        pytest.param("{{ tags | tojson }}", '{"a": 1, "items": 2}', id="JSON"),
        pytest.param("{{ 2.567 | round(2) }}", "2.57", id="rounding"),
        # Polyaxon's own filter (spec section 3.4), as its docs use it.
        pytest.param(
            "{{ runs | map('map_format', '%s/outputs') | list }}",
            "['r1/outputs', 'r2/outputs']",
            id="map_format",
        ),
        pytest.param("{{ name | map_format('x-%(v)s', 'v') }}", "x-train", id="map_format with a name"),
    ],
)
def test_rendered(template, expected):
    assert render_text(template, VALUES) == expected


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ lr.__init__.__globals__ }}",
    "{{ name['__class__'] }}",
    "{{ name|attr('__class__') }}",
    "{{ (name|map('attr', '__class__'))|list }}",
    "{{ tags.update({'b': 1}) }}",
    "{{ layers.append(1) }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ self.__init__ }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ lipsum() }}",
    "{{ namespace(a=1) }}",
    "{{ joiner() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}",
    "{% block x %}{% endblock %}",
    "{{ unknown.member }}",
    "{{ 1 / 0 }}",
    "{{ }}",
    "{% if %}",
    "{{ 'a' | nope }}",
]

BOMBS = [
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * 'a' }}",
    "{{ 9**9999999 }}",
    "{% set a = 9**999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
    "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a = ['x' * 1000] %}" + "{% set a = [a, a, a, a, a, a, a, a, a, a] %}" * 10 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = [a, a, a, a, a, a, a, a, a, a] %}" * 12 + "{{ a | tojson }}",
    "{% set a = [1] %}" + "{% set a = [a, a, a, a, a, a, a, a, a, a] %}" * 12 + "{{ a | string | length }}",
    "{% set a = [1] %}" + "{% set a = {'a': a, 'b': a} %}" * 60 + "{{ a }}",
    "{{ range(10**9) | list }}",
    "{{ range(100000) | list }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}",
    "{{ '%999999999d' % 1 }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ '%*d' | format(999999999, 1) }}",
    "{{ ('%(a)s' * 100000) | format(a='x' * 100000) }}",
    "{{ 'x' | center(10**9) }}",
    "{{ 'x' | indent(10**9, true) }}",
    "{{ tags | tojson(indent=10**9) }}",
    "{{ 1.5 | round(10**9, 'ceil') }}",
    "{{ layers | batch(10**9, 0) | list }}",
    "{{ layers | slice(10**9) | list }}",
    "{{ 'x'.ljust(10**9) }}",
    "{{ 'x'.zfill(10**9) }}",
    "{{ ('x' * 100000).replace('', 'y' * 100000) }}",
    "{{ ('x' * 100000) | replace('x', 'y' * 100000) }}",
    "{{ ('x' * 100000).join(['y'] * 100000) }}",
    "{{ (['y'] * 100000) | join('x' * 100000) }}",
    "{{ 'x'.expandtabs(10**9) }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "+".join(["1"] * 5000) + " }}",
    "{{ " + "[" * 2000 + "]" * 2000 + " }}",
    "{{ name }}" + "x" * 30_000,
]


@pytest.mark.parametrize("template", [*ESCAPES, *BOMBS])
def test_refused_with_one_sentence_soon_and_small(template):
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(CompilationError, match="cannot be rendered"):
        render_text(template, VALUES)
    elapsed = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert elapsed < 2
    assert peak < 100_000_000


def test_a_template_is_checked_without_its_values():
    check_template("{{ anything.at.all }}")
    with pytest.raises(CompilationError, match="is not valid"):
        check_template("{{ lr ")
