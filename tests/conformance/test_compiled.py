"""What operations compile and resolve to (compiled.jsonl and contexts.jsonl of the corpus)."""

import itertools
from dataclasses import replace

import pytest

from polyaxon_airflow.compiler import compile_operation, resolve, resolve_hooks
from polyaxon_airflow.errors import FaultsError
from polyaxon_airflow.polyaxonfile.composing import compose
from polyaxon_airflow.polyaxonfile.graph import build_graph
from polyaxon_airflow.polyaxonfile.reading import read
from tests import corpus
from tests.conformance import differences
from tests.conformance.comparing import CONTEXT, comparable, has_open_refs, normal

FILES = {row["name"]: row["file"] for row in corpus.rows("verdicts.jsonl")}
# Where the official package stops before there is anything to compare; verdicts.jsonl has these cases too.
STOPPED = {"op", "compile", "params_dump", "validate_params", "dag"}


def compiles(case):
    return case.get("stage") not in STOPPED and not case.get("stubs")


def compiled_file(case):
    """The compiled operation of a case; skips the few files that we refuse, which test_verdicts.py is about."""
    compiled = compiled_or_refused(case)
    return compiled if compiled is not None else pytest.skip("a documented difference")


def compiled_or_refused(case):
    """As `compiled_file`, None for a file that we refuse."""
    folder = corpus.folder()
    reading = read(folder / FILES[case["name"]], root=folder)
    try:
        return compile_operation(reading.operation, sources=reading.sources)
    except FaultsError as error:
        if differences.of_verdict(error.faults) is None:
            raise
        return None


def resolved(compiled, context=CONTEXT):
    try:
        return resolve(compiled, context)
    except FaultsError:
        return None


def agree(ours, theirs):
    if ours is None or theirs is None:
        return (ours is None) is (theirs is None)
    return comparable(ours.to_dict()) == comparable(theirs)


def explained(case, text):
    return differences.of_compiled(case, text) in differences.documented()


@pytest.mark.parametrize(
    "case", corpus.cases("compiled.jsonl", lambda case: compiles(case) and not has_open_refs(case))
)
def test_operations_compile_and_resolve_as_in_the_official_package(case):
    compiled = compiled_file(case)
    text = (corpus.folder() / FILES[case["name"]]).read_text()
    if case.get("applied"):
        assert agree(compiled, case["applied"]) or explained(case, text)
    if not case.get("pipeline") and not case.get("dag"):
        assert agree(resolved(compiled), case.get("resolved")) or explained(case, text)


@pytest.mark.parametrize(
    "case", corpus.cases("compiled.jsonl", lambda case: compiles(case) and case.get("dag"))
)
def test_dags_have_the_edges_and_nodes_of_the_official_package(case):
    folder = corpus.folder()
    operation = read(folder / FILES[case["name"]], root=folder).operation
    graph = build_graph(operation, compose(operation))
    assert {node.name: sorted(node.upstream) for node in graph.nodes} == case["dag"]["upstream"]
    ours = {node.name: comparable(node.composed.to_dict()) for node in graph.nodes}
    assert ours == {name: comparable(node) for name, node in case["dag"]["effective"].items()}


def has_trials(case):
    return (
        compiles(case)
        and isinstance(case.get("children"), list)
        and bool((case.get("applied") or {}).get("matrix"))
    )


def suggestions(matrix):
    """The first two trials of a mapping, or of a grid of choices."""
    if matrix.kind == "mapping":
        return matrix.values[:2]
    products = itertools.product(*(space.value for space in matrix.params.values()))
    return [dict(zip(matrix.params, values, strict=True)) for values in itertools.islice(products, 2)]


@pytest.mark.parametrize("case", corpus.cases("compiled.jsonl", has_trials))
def test_trials_get_their_params_as_in_the_official_package(case):
    compiled = compiled_file(case)
    for suggestion, child in zip(suggestions(compiled.matrix), case["children"], strict=False):
        if child.get("resolved") is not None:
            ours = as_trial(resolve(compiled, replace(CONTEXT, params=suggestion)).to_dict())
            assert ours == as_trial(child["resolved"])


def as_trial(operation):
    """A child without what the official package takes from children; which order contexts have says nothing."""
    data = comparable(operation)
    for key in ("matrix", "schedule", "isApproved", "conditions", "trigger", "dependencies", "build"):
        data.pop(key, None)
    return {**data, "contexts": sorted(data.get("contexts", []), key=lambda io: io["name"])}


@pytest.mark.parametrize(
    "case", corpus.cases("contexts.jsonl", lambda case: not has_open_refs(case["expected"]))
)
def test_templates_render_as_in_the_official_package(case):
    compiled = compile_operation(read(case["polyaxonfile"]).operation)
    expected = case["expected"]
    assert agree(resolved(compiled), expected.get("resolved")) or explained(expected, case["polyaxonfile"])


def test_an_operation_keeps_its_form_through_json():
    cases = itertools.islice(filter(compiles, corpus.rows("compiled.jsonl")), 0, None, 20)
    for compiled in filter(None, map(compiled_or_refused, cases)):
        again = type(compiled).from_dict(compiled.to_dict())
        assert normal(again.to_dict()) == normal(compiled.to_dict())


def has_hooks(case):
    return compiles(case) and isinstance(case.get("resolved_hooks"), list)


@pytest.mark.parametrize("case", corpus.cases("compiled.jsonl", has_hooks))
def test_hooks_resolve_as_in_the_official_package(case):
    hooks = resolve_hooks(resolve(compiled_file(case), CONTEXT), CONTEXT)
    assert [normal(hook.to_dict()) for hook in hooks] == normal(case["resolved_hooks"])
