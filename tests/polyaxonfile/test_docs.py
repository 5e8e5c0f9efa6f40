"""The polyaxonfiles that the documentation shows are ones."""

import re
from pathlib import Path

import pytest

from polyaxon_airflow.checking import check_file, check_text

ROOT = Path(__file__).parents[2]
EXAMPLES = dict(
    re.findall(
        r"^```yaml\n# (\S+\.yaml)\n(.*?)^```",
        (ROOT / "docs" / "polyaxonfile.md").read_text(),
        flags=re.MULTILINE | re.DOTALL,
    )
)
WHOLE_FILES = [
    pytest.param(text, id=f"{page.name}-{number}")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for number, text in enumerate(
        re.findall(r"^```yaml\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    )
    if re.search(r"^(run|component):", text, flags=re.MULTILINE) and "pathRef:" not in text
]


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


@pytest.mark.parametrize("text", WHOLE_FILES)
def test_whole_polyaxonfiles_are_valid(text):
    assert check_text(text, "example.yaml").faults == ()
