"""Acceptance of whole files agrees with the official package (verdicts.jsonl of the corpus)."""

import pytest

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import FaultsError
from polyaxon_airflow.polyaxonfile.reading import read
from tests import corpus
from tests.conformance.differences import VERDICTS


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
