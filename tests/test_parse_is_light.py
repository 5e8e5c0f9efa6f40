"""What parsing costs everybody: what is imported, in a fresh process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    "kubernetes",
    "kubernetes_asyncio",
    "hyperopt",
    "numpy",
    "scipy",
    "sqlalchemy",
    "pandas",
    "alembic",
    "sklearn",
}


def imported_by(code):
    """Names of the modules that a fresh process has imported after `code`, beyond those that Airflow's SDK brings."""
    script = f"""
import json, sys
from airflow.sdk import DAG
from airflow.dag_processing.dagbag import DagBag
before = set(sys.modules)
{code}
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


LOAD = """
from pathlib import Path
from polyaxon_airflow.dag.load import Loader
import tempfile
loader = Loader(Path("dags").absolute(), Path(tempfile.mkdtemp()))
files = sorted(str(f.relative_to("dags")) for f in Path("dags").glob("*.yaml"))
dags = loader.shard(files)
assert len(dags) == len(files), dags
"""


def test_loading_the_gallery_imports_nothing_heavy():
    new = imported_by(LOAD)
    assert not HEAVY & {name.partition(".")[0] for name in new}


def test_a_file_that_has_not_changed_is_loaded_without_models_or_compiler(tmp_path):
    load = LOAD.replace("tempfile.mkdtemp()", repr(str(tmp_path)))
    first, second = imported_by(load), imported_by(load)
    needed = {"polyaxon_airflow.compiler", "polyaxon_airflow.polyaxonfile"}
    assert needed <= first
    assert not needed & second


def test_files_without_events_pay_nothing_for_events():
    new = imported_by(LOAD)
    watching = (
        "dag.dispatching",
        "operators.dispatch",
        "sensors",
        "triggers.watch",
        "triggers.wait",
        "watching",
    )
    assert not {
        name for name in new if name.startswith(tuple(f"polyaxon_airflow.{part}" for part in watching))
    }


@pytest.mark.parametrize("module", ["plugin", "policy", "get_provider_info"])
def test_what_airflow_imports_in_every_process_imports_nothing_of_ours(module):
    new = imported_by(f"import polyaxon_airflow.{module}")
    ours = {name for name in new if name.startswith("polyaxon_airflow")}
    assert ours <= {"polyaxon_airflow", f"polyaxon_airflow.{module}"}
