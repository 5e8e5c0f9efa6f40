"""The polyaxonfiles of docs/polyaxonfile.md are what they say they are."""

import re
from pathlib import Path

import pytest

from polyaxon_airflow.checking import check_file

PAGE = Path(__file__).parents[2] / "docs" / "polyaxonfile.md"
EXAMPLES = dict(
    re.findall(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
)


@pytest.fixture(scope="module")
def dags(tmp_path_factory):
    root = tmp_path_factory.mktemp("dags")
    for name, text in EXAMPLES.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_checker_finds_nothing_in_an_example(dags, name):
    assert check_file(dags / name, root=dags).faults == ()
