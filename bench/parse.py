"""N1, N2, N3, N3b, N3c, N3d: what a folder of polyaxonfiles costs Airflow, against hand-written files and dag-factory.

    python bench/parse.py [--sizes 200 1000] [--repeat 5] [--only bag import worker processor task]

Everything is CPU, user and system, of processes that alternate, one arm after the other. Rivals: the same DAGs as
hand-written Python files, and dag-factory 1.1.0 (put beside Airflow under .environments, for its arm only). Writes
bench/results/parse.json.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench.folders import write_dagfactory, write_polyaxonfiles, write_python  # noqa: E402
from bench.rivals import beside_airflow  # noqa: E402

OURS, PYTHON, DAGFACTORY = "ours", "python files", "dag-factory"
WRITERS = {OURS: write_polyaxonfiles, PYTHON: write_python, DAGFACTORY: write_dagfactory}

# A DagBag of a folder, and what Airflow does with its DAGs next; imports are made before the clock starts.
BAG = """
import json, sys, time
from pathlib import Path
import airflow.providers.standard.operators.bash
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Param
from airflow.serialization.serialized_objects import DagSerialization
PREPARE
started = time.process_time()
folder = FOLDER
bag = DagBag(folder, load_op_links=False)
loaded = time.process_time()
for dag in bag.dags.values():
    DagSerialization.to_dict(dag)
ended = time.process_time()
assert len(bag.dags) == COUNT and not bag.import_errors, (len(bag.dags), bag.import_errors)
print("RESULT" + json.dumps({"load": (loaded - started) * 1000 / COUNT, "serialise": (ended - loaded) * 1000 / COUNT}))
"""
PREPARE = {
    OURS: """
import polyaxon_airflow.dag.load, polyaxon_airflow.operators.run, polyaxon_airflow.plan.file
from polyaxon_airflow.dag.bundle import PolyaxonDagBundle
bundle = PolyaxonDagBundle(name="bench", path=sys.argv[1])
""",
    PYTHON: "",
    DAGFACTORY: "import dagfactory",
}
FOLDER = {OURS: "(bundle.refresh(), str(bundle.path))[1]", PYTHON: "sys.argv[1]", DAGFACTORY: "sys.argv[1]"}

# What a worker does in a process that has Airflow already: it gets the one DAG that its task belongs to.
WORKER = """
import json, sys, time
import airflow.providers.standard.operators.bash
from airflow.dag_processing.dagbag import BundleDagBag
from pathlib import Path
PREPARE
started = time.process_time()
SETUP
bag = BundleDagBag(dag_folder=FILE, bundle_path=PLACE, bundle_name="bench", load_op_links=False, safe_mode=False)
ended = time.process_time()
assert "pipeline-0" in bag.dags, bag.import_errors
print("RESULT" + json.dumps((ended - started) * 1000))
"""
WORKER_OF = {
    OURS: ("bundle.initialize()", "str(next(s for s in bundle.path.rglob('*.py') if '\\'pipeline-0.yaml\\'' in s.read_text()))", "bundle.path"),
    PYTHON: ("", "sys.argv[1] + '/pipeline-0.py'", "Path(sys.argv[1])"),
    DAGFACTORY: ("", "sys.argv[1] + '/loader.py'", "Path(sys.argv[1])"),
}  # fmt: skip

IMPORT = """
import json, time
import airflow.sdk
started = time.process_time()
import MODULE
print("RESULT" + json.dumps((time.process_time() - started) * 1000))
"""

# A task of somebody else's DAG: what its process does with plugins, policies and providers. Without us, our
# distribution is hidden from those who look for entry points.
TASK = """
import importlib.metadata as metadata, json, sys, time
if sys.argv[2] == "hidden":
    import importlib_metadata
    for module in (metadata, importlib_metadata):
        def others(every=module.distributions, **kwargs):
            return (d for d in every(**kwargs) if d.metadata["Name"] != "airflow-provider-polyaxon")
        module.distributions = others
import airflow.sdk.execution_time.task_runner
import airflow.providers.standard.operators.bash
from airflow.dag_processing.dagbag import BundleDagBag
from pathlib import Path
started = time.process_time()
from airflow.sdk import plugins_manager
from airflow.sdk.listener import get_listener_manager
plugins_manager.integrate_listener_plugins(get_listener_manager())
bag = BundleDagBag(dag_folder=sys.argv[1] + "/pipeline-0.py", bundle_path=Path(sys.argv[1]), bundle_name="x", load_op_links=False, safe_mode=False)
assert "pipeline-0" in bag.dags
ours = sum(name.partition(".")[0] == "polyaxon_airflow" for name in sys.modules)
assert (ours == 0) == (sys.argv[2] == "hidden"), ours
print("RESULT" + json.dumps((time.process_time() - started) * 1000))
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=list(MEASURES), default=list(MEASURES))
    arguments = parser.parse_args()
    place = HERE / "results" / "parse.json"
    results = json.loads(place.read_text()) if place.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only:
            results[name] = MEASURES[name](Lab(Path(folder) / name), arguments.sizes, arguments.repeat)
            print(f"{name}: {json.dumps(without_all(results[name]), indent=2)}", flush=True)
            place.write_text(json.dumps(results, indent=2) + "\n")


class Lab:
    """Folders of DAGs, and processes that look at them."""

    def __init__(self, place):
        self.place = place

    def folder(self, arm, count):
        """The folder of an arm, made once."""
        folder = self.place / arm.replace(" ", "-") / str(count) / "dags"
        if not folder.exists():
            folder.parent.mkdir(parents=True)
            WRITERS[arm](folder, count)
        return folder

    def ask(self, code, arm, *arguments, **variables):
        """What a fresh process says."""
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=self.environment(arm, **variables)
        )
        if "RESULT" not in done.stdout:
            raise SystemExit(
                f"a process of the arm '{arm}' failed:\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
            )
        return json.loads(done.stdout.rpartition("RESULT")[2])

    def environment(self, arm, **variables):
        home = self.place / "home"
        paths = [str(HERE.parent)]
        if arm == DAGFACTORY:
            paths.append(str(beside_airflow("dag-factory==1.1.0", "typer", "rich")))
        given = {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(home / "bundles"),
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
            "PYTHONPATH": os.pathsep.join(paths),
        }
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        return {**clean, **given, **variables}

    def forget(self):
        """Plans and notes of earlier processes."""
        subprocess.run(["rm", "-rf", str(self.place / "home" / "bundles")], check=True)


def bag(lab, sizes, repeat):
    """N1 and N3c: ms a DAG to load all, and to serialise them."""
    result = {}
    for size in sizes:
        found = {name: [] for name in ("ours, cold", "ours, warm", PYTHON, DAGFACTORY)}
        for _ in range(repeat):
            lab.forget()
            for name, times in found.items():
                arm = name.partition(",")[0]
                code = BAG.replace("PREPARE", PREPARE[arm]).replace("FOLDER", FOLDER[arm])
                times.append(lab.ask(code.replace("COUNT", str(size)), arm, lab.folder(arm, size)))
        loads = {name: [time["load"] for time in times] for name, times in found.items()}
        wholes = {name: [time["load"] + time["serialise"] for time in times] for name, times in found.items()}
        result[str(size)] = {
            "load": {name: spread(times) for name, times in loads.items()},
            "load, ratio to python files": ratios(loads, PYTHON),
            "load and serialise": {name: spread(times) for name, times in wholes.items()},
            "load and serialise, ratio to python files": ratios(wholes, PYTHON),
        }
    return result


def imports(lab, _sizes, repeat):
    """N2: ms that a loader's import adds to `airflow.sdk`."""
    modules = {
        OURS: "polyaxon_airflow.dag.load",
        "ours, with a file that has changed": "polyaxon_airflow.dag.load, polyaxon_airflow.plan.file",
        DAGFACTORY: "dagfactory",
    }
    found = {name: [] for name in modules}
    for _ in range(repeat + 1):
        for name, module in modules.items():
            found[name].append(lab.ask(IMPORT.replace("MODULE", module), name.partition(",")[0]))
    return {name: spread(times[1:]) for name, times in found.items()}  # the first has written bytecode


def worker(lab, sizes, repeat):
    """N3: ms for a worker to get its one DAG, by the number of files in the folder."""
    sizes = sorted({1, 100, *sizes})
    found = {name: {size: [] for size in sizes} for name in (OURS, PYTHON, DAGFACTORY)}
    for size in sizes:
        lab.forget()
        code = BAG.replace("PREPARE", PREPARE[OURS]).replace("FOLDER", FOLDER[OURS])
        lab.ask(
            code.replace("COUNT", str(size)), OURS, lab.folder(OURS, size)
        )  # as the dag-processor has done
        for _ in range(repeat):
            for name, times in found.items():
                setup, file, place = WORKER_OF[name]
                prepare = PREPARE[name].replace(", polyaxon_airflow.plan.file", "")
                code = WORKER.replace("PREPARE", prepare).replace("SETUP", setup)
                code = code.replace("FILE", file).replace("PLACE", place)
                times[size].append(
                    lab.ask(code, name, lab.folder(name, size), _AIRFLOW_PARSING_CONTEXT_DAG_ID="pipeline-0")
                )
    return {
        name: {str(size): spread(every) for size, every in times.items()} for name, times in found.items()
    }


def processor(lab, sizes, _repeat):
    """N3b: CPU seconds of `airflow dag-processor -n 1` and its children, over a folder that it sees for the first time.

    Hand-written files on a fifth of the folder: they take a process each.
    """
    size = max(sizes)
    cycles = {OURS: size, PYTHON: size // 5}
    return {name: {"files": count, "seconds": cycle(lab, name, count)} for name, count in cycles.items()}


def cycle(lab, arm, count):
    folder, home = lab.folder(arm, count), lab.place / "home"
    subprocess.run(["rm", "-rf", str(home)], check=True)
    variables = lab.environment(
        arm,
        AIRFLOW__CORE__DAGS_FOLDER=str(folder),
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{lab.place / 'home' / 'airflow.db'}",
        AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES="2",
    )
    airflow = [sys.executable, "-m", "airflow"]
    subprocess.run([*airflow, "db", "migrate"], check=True, capture_output=True, env=variables)
    before = children()
    subprocess.run([*airflow, "dag-processor", "-n", "1"], check=True, capture_output=True, env=variables)
    seconds = children() - before
    listed = subprocess.run(
        [*airflow, "dags", "list", "--output", "json"],
        check=True,
        capture_output=True,
        text=True,
        env=variables,
    )
    dags = sum('"dag_id"' in line for line in listed.stdout.replace(",", "\n").splitlines())
    assert dags == count, f"{dags} DAGs of {count} files"
    return seconds


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def task(lab, _sizes, repeat):
    """N3d: ms that our installation adds to a task of an unrelated DAG."""
    folder = lab.folder(PYTHON, 1)
    found = {"installed": [], "hidden": []}
    for _ in range(3 * repeat):
        for name, times in found.items():
            times.append(lab.ask(TASK, OURS, folder, name))
    added = statistics.median(found["installed"]) - statistics.median(found["hidden"])
    return {**{name: spread(times) for name, times in found.items()}, "added": added}


MEASURES = {"bag": bag, "import": imports, "worker": worker, "processor": processor, "task": task}


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "all": values}


def ratios(found, base):
    pairs = {name: zip(times, found[base], strict=True) for name, times in found.items() if name != base}
    return {name: spread([mine / other for mine, other in pair]) for name, pair in pairs.items()}


def without_all(value):
    if isinstance(value, dict):
        return {key: without_all(each) for key, each in value.items() if key != "all"}
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
