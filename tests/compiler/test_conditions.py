"""`conditions`: what is true, what is false, and what is neither (spec section 3.5, rule 7)."""

import pytest

from polyaxon_airflow.compiler import RunContext
from polyaxon_airflow.compiler.conditions import evaluate
from polyaxon_airflow.errors import CompilationError

CONTEXT = RunContext(globals={"iteration": 3}, params={"accuracy": 0.95, "stage": "prod"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{{ accuracy > 0.9 }}", True, id="a comparison that holds"),
        pytest.param("{{ stage == 'test' }}", False, id="a comparison that does not hold"),
        pytest.param("{{ globals.iteration < 5 and stage == 'prod' }}", True, id="globals and params"),
        pytest.param("True", True, id="text that resolve has rendered"),
        pytest.param("off", False, id="a word for false"),
        pytest.param(" Yes ", True, id="a word for true"),
        pytest.param("{{ accuracy | int }}", False, id="zero"),
    ],
)
def test_evaluated(text, expected):
    assert evaluate(text, CONTEXT) is expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            "accuracy > 0.9",
            "the condition 'accuracy > 0.9' is 'accuracy > 0.9', which is neither true nor false. "
            'Write it in braces: "{{ accuracy > 0.9 }}".',
            id="without braces",
        ),
        pytest.param(
            "{{ unknown }}",
            "the condition '{{ unknown }}' is empty, which is neither true nor false",
            id="an unknown name",
        ),
        pytest.param(
            "{{ stage }}",
            "the condition '{{ stage }}' is 'prod', which is neither true nor false",
            id="another word",
        ),
    ],
)
def test_neither_true_nor_false(text, sentence):
    with pytest.raises(CompilationError) as caught:
        evaluate(text, CONTEXT)
    assert str(caught.value) == sentence
