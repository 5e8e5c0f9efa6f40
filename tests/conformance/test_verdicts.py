"""Whole files: the official package's acceptance, and what it reads them as (verdicts.jsonl of the corpus)."""

import hashlib
import json
import shutil

import pytest

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import FaultsError
from polyaxon_airflow.polyaxonfile.parsing import parse
from polyaxon_airflow.polyaxonfile.reading import read
from polyaxon_airflow.source import read_document
from tests import corpus
from tests.conformance import differences
from tests.conformance.comparing import normal


def read_text(case):
    return (corpus.folder() / case["file"]).read_text(errors="replace")


def check(case):
    """The faults for which we refuse a file; None if we accept it."""
    folder = corpus.folder()
    try:
        reading = read(folder / case["file"], root=folder)
        compile_operation(reading.operation, sources=reading.sources)
    except FaultsError as error:
        return error.faults
    return None


def has_a_verdict(case):
    """Whether the official package could tell without a hub or a network."""
    return case["check"]["accepted"] is not None


@pytest.mark.parametrize("case", corpus.cases("verdicts.jsonl", has_a_verdict))
def test_check_agrees_with_the_official_package(case):
    faults = check(case)
    if (faults is None) is not case["check"]["accepted"]:
        error = case["check"]["error"]
        row = differences.of_acceptance(error) if faults is None else differences.of_verdict(faults)
        assert row in differences.documented(), (
            faults or f"accepted, and refused by the official package: {error}"
        )


@pytest.mark.parametrize("case", corpus.cases("verdicts.jsonl"))
def test_reading_agrees_with_the_official_package(case):
    try:
        operation = parse(read_document(corpus.folder() / case["file"]))
    except FaultsError as error:
        is_explained = differences.of_verdict(error.faults) in differences.documented()
        if case["read"]["accepted"] and not is_explained:
            raise
        return
    assert case["read"]["accepted"], f"accepted, and the official package refuses it: {case['read']['error']}"
    if normal(operation.to_dict()) != normal(case["normalised"]):
        assert differences.of_normalised(read_text(case)) in differences.documented()


STUB = "kind: component\nrun: {kind: job, container: {image: stub}}\n"


def needs_stubs(case):
    """Whether the oracle put a component without inputs in the place of all that it could not reach."""
    stubbed = case.get("check_stub")
    is_folder = any(
        (corpus.folder() / reference.partition(":")[2]).is_dir() for reference in case.get("external", [])
    )
    return stubbed is not None and not is_folder and "needs the network" not in str(stubbed["error"])


@pytest.fixture
def dags(tmp_path, case):
    """A dags folder with the case, where everything that it refers to is the stub."""
    root = tmp_path / "dags"
    (root / "components").mkdir(parents=True)
    (root / "components" / "stub.yaml").write_text(STUB)
    locked = {"file": "stub.yaml", "sha256": hashlib.sha256(STUB.encode()).hexdigest()}
    lock = {reference.replace(":", " ", 1): locked for reference in case["external"]}
    (root / "components" / "components.lock.json").write_text(json.dumps(lock))
    place = root / "deep" / "down" / "here" / case["file"]
    place.parent.mkdir(parents=True)
    shutil.copy(corpus.folder() / case["file"], place)
    shutil.copytree(corpus.folder() / "refs", place.parent / "refs")
    for reference in case["external"]:
        kind, _, path = reference.partition(":")
        if kind == "pathRef" and not (place.parent / path).exists():
            (place.parent / path).parent.mkdir(parents=True, exist_ok=True)
            (place.parent / path).write_text(STUB)
    return place, root


@pytest.mark.parametrize("case", corpus.cases("verdicts.jsonl", needs_stubs))
def test_references_are_followed_as_in_the_official_package(case, dags):
    file, root = dags
    try:
        reading = read(file, root=root)
        compile_operation(reading.operation, sources=reading.sources)
    except FaultsError as error:
        is_explained = differences.of_verdict(error.faults) in differences.documented()
        assert not case["check_stub"]["accepted"] or is_explained, error  # noqa: PT017 - both verdicts are compared
    else:
        assert case["check_stub"]["accepted"], case["check_stub"]["error"]
