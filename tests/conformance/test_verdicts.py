"""Whole files: the official package's acceptance, and what it reads them as (verdicts.jsonl of the corpus)."""

import pytest

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import FaultsError
from polyaxon_airflow.polyaxonfile.parsing import parse
from polyaxon_airflow.polyaxonfile.reading import read
from polyaxon_airflow.source import read_document
from tests import corpus
from tests.conformance.comparing import normal
from tests.conformance.differences import NORMALISED, READ, VERDICTS


def parsed(case):
    try:
        return parse(read_document(corpus.folder() / case["file"]))
    except FaultsError:
        return None


def is_accepted(case):
    folder = corpus.folder()
    try:
        reading = read(folder / case["file"], root=folder)
        compile_operation(reading.operation, sources=reading.sources)
    except FaultsError:
        return False
    return True


def has_a_verdict(case):
    """Whether the official package could tell without a hub or a network."""
    return case["check"]["accepted"] is not None


@pytest.mark.parametrize("case", corpus.cases("verdicts.jsonl", has_a_verdict))
def test_check_agrees_with_the_official_package(case):
    agrees = is_accepted(case) is case["check"]["accepted"]
    assert agrees is (case["name"] not in VERDICTS)


@pytest.mark.parametrize("case", corpus.cases("verdicts.jsonl"))
def test_reading_agrees_with_the_official_package(case):
    operation = parsed(case)
    assert (operation is not None) is case["read"]["accepted"] or case["name"] in READ
    if operation is not None and case["name"] not in READ:
        agrees = normal(operation.to_dict()) == normal(case["normalised"])
        assert agrees is (case["name"] not in NORMALISED)
