"""Commands for files and editors start in a moment: none of them imports Airflow, which takes seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import sys
from polyaxon_airflow.cli import main
code = main(sys.argv[1:])
print("imported:", "airflow" in sys.modules)
sys.exit(code)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["check", "dags"],
        ["check", "dags", "--format", "sarif"],
        ["plan", "dags/compare.yaml"],
        ["plan", "dags/search.yaml", "--origin"],
        ["plan", "dags/nightly.yaml", "--format", "json"],
        ["render", "dags/greet.yaml"],
        ["schema"],
    ],
    ids=" ".join,
)
def test_no_airflow_is_imported(words):
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("imported: False\n")
