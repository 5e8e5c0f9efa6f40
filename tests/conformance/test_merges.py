"""One document over another: presets by file and by name, components, all strategies (merges.jsonl of the corpus)."""

import pytest
import yaml
from pydantic import ValidationError

from polyaxon_airflow.polyaxonfile.composing import compose
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.overlays import apply_document, apply_to_composed
from polyaxon_airflow.polyaxonfile.reading import as_operation
from polyaxon_airflow.polyaxonfile.sources import FindingsError
from tests import corpus
from tests.conformance import differences
from tests.conformance.comparing import comparable, normal


def load(document, **extra):
    data = yaml.safe_load(document) if isinstance(document, str) else document
    return Operation.model_validate({**data, **extra})


def as_files(base, presets, case):
    for preset in presets:
        base = apply_document(base, preset)
    return base


def as_override(base, presets, case):
    strategy = presets[0].patch_strategy if case.get("use_override_patch_strategy") else None
    return compose(apply_document(base, presets[0]), run_strategy=strategy)


def by_name(base, presets, case):
    composed = compose(base)
    for preset in presets:
        composed = apply_to_composed(composed, preset)
    return composed


def as_component(base, presets, case):
    return compose(base)


# What the corpus calls the official function that merges.
HOW = {"preset_files": as_files, "override": as_override, "apply_preset": by_name, "component": as_component}


@pytest.mark.parametrize("case", corpus.cases("merges.jsonl"))
def test_merging_agrees_with_the_official_package(case):
    expected = case["expected"]
    base = as_operation(load(case["base"]))
    try:
        presets = [load(preset, isPreset=True) for preset in case["presets"]]
        merged = HOW[case["how"]](base, presets, case)
    except (FindingsError, ValidationError):
        merged = None
    agrees = (merged is None) is not expected["accepted"] and (
        merged is None or is_same(merged, expected, is_document=case["how"] == "preset_files")
    )
    assert agrees or differences.of_merge(case) in differences.documented()


def is_same(merged, expected, *, is_document):
    if not is_document:
        return comparable(merged.to_dict()) == comparable(expected["result"])
    ours, theirs = normal(merged.to_dict()), normal(expected["result"])
    ours.pop("isPreset", None)
    return ours == theirs and compiles_to(merged, expected["compiled"])


def compiles_to(merged, compiled):
    try:
        ours = compose(merged).to_dict()
    except FindingsError:
        return compiled is None
    return compiled is not None and comparable(ours) == comparable(compiled)
