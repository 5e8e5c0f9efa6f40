import pytest
from pydantic import TypeAdapter, ValidationError

from polyaxon_airflow.scalars import FloatOrTemplate, IntOrTemplate, PositiveIntOrTemplate, is_template


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{{ lr }}", True, id="a placeholder"),
        pytest.param("a-{{ lr }}-b", True, id="text around a placeholder"),
        pytest.param("{{}}", False, id="empty braces"),
        pytest.param("{ lr }", False, id="single braces"),
        pytest.param(3, False, id="a number"),
    ],
)
def test_is_template(text, expected):
    assert is_template(text) is expected


# What the official package accepts (corpus README, oddities 13 and 14).
@pytest.mark.parametrize(
    ("scalar", "value", "expected"),
    [
        pytest.param(PositiveIntOrTemplate, True, 1, id="a lax positive int takes true"),
        pytest.param(PositiveIntOrTemplate, 2.0, 2, id="a lax positive int takes a whole float"),
        pytest.param(PositiveIntOrTemplate, "{{ n }}", "{{ n }}", id="a positive int may be a template"),
        pytest.param(IntOrTemplate, -1, -1, id="a strict int takes negatives"),
        pytest.param(FloatOrTemplate, "1e-3", 0.001, id="a float takes digits in text"),
    ],
)
def test_accepted(scalar, value, expected):
    assert TypeAdapter(scalar).validate_python(value) == expected


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        pytest.param(PositiveIntOrTemplate, 0, id="zero is not positive"),
        pytest.param(IntOrTemplate, 2.0, id="a strict int refuses a float"),
        pytest.param(IntOrTemplate, True, id="a strict int refuses true"),
        pytest.param(FloatOrTemplate, "small", id="a word is neither a number nor a template"),
    ],
)
def test_refused(scalar, value):
    with pytest.raises(ValidationError):
        TypeAdapter(scalar).validate_python(value)
