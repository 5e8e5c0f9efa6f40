"""Which values params take, and what containers see of them (params.jsonl and hp.jsonl of the corpus)."""

import pytest
from pydantic import ValidationError

from polyaxon_airflow.compiler import compile_operation, resolve
from polyaxon_airflow.errors import FaultsError
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.reading import read
from tests import corpus
from tests.conformance import differences
from tests.conformance.comparing import CONTEXT, comparable, normal


def given(case):
    """The params of a row: a mapping, or the `name=value` texts of a command line."""
    params = (case.get("kwargs") or {}).get("params") or {}
    return params if isinstance(params, dict) else dict(text.split("=", 1) for text in params)


def passes_params_only(case):
    kwargs = case.get("kwargs") or {}
    params = kwargs.get("params") or {}
    texts = isinstance(params, list) and all("=" in text for text in params)
    return set(kwargs) <= {"params"} and (isinstance(params, dict) or texts)


def attempt(action):
    try:
        return action()
    except (FaultsError, ValidationError):
        return None


@pytest.mark.parametrize("case", corpus.cases("params.jsonl", passes_params_only))
def test_params_are_taken_as_by_the_official_package(case):
    assert agrees(case, case["expected"]) or differences.of_params(case) in differences.documented()


def agrees(case, expected):
    compiled = attempt(lambda: compile_operation(read(case["polyaxonfile"]).operation, params=given(case)))
    if compiled is None or not expected["accepted"]:
        return (compiled is not None) is expected["accepted"]
    resolved = attempt(lambda: resolve(compiled, CONTEXT))
    if resolved is None or expected.get("compile_error"):
        return (resolved is None) is bool(expected.get("compile_error"))
    if not case["light"]:
        return comparable(resolved.to_dict()) == comparable(expected["resolved"])
    return normal(values(compiled)) == normal([io.get("value") for io in expected["applied_io"]]) and normal(
        resolved.run.container.args or []
    ) == normal(expected["args"] or [])


def values(compiled):
    ios = [*(compiled.inputs or []), *(compiled.outputs or []), *(compiled.contexts or [])]
    return [io.value for io in ios]


@pytest.mark.parametrize("case", corpus.cases("hp.jsonl"))
def test_search_spaces_meet_inputs_as_in_the_official_package(case):
    expected = case["expected"]
    operation = attempt(lambda: Operation.model_validate(case["polyaxonfile"]))
    assert (operation is not None) is expected["read"]
    if operation is not None:
        compiled = attempt(lambda: compile_operation(operation))
        assert (compiled is not None) is expected["check"]
