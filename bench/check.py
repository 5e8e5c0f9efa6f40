"""N4 and N5: how long a check takes, and how many planted faults it finds, on which line, with which suggestion.

    python bench/check.py [--files 500] [--repeat 5] [--mutants 1500] [--polyaxon PYTHON]

Rivals, on the same files and mutants: `polyaxon check` (2.18.0, in an environment of its own under .environments, or
in the Python that --polyaxon names) and `dagfactory lint`. `blueprint lint` does not read polyaxonfiles; it gets a
pipeline in its own format with the same kinds of faults. The files are those of the corpus that the official package
accepts (tests/corpus.py), or the seeds of the fuzzer where the corpus is not there. Writes bench/results/check.json.
"""

import argparse
import collections
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from bench.blueprint_mutants import BLUEPRINT_MUTANTS, PIPELINE, write_blueprint  # noqa: E402
from bench.mutants import plant  # noqa: E402
from bench.planting import OPERATORS  # noqa: E402
from bench.rivals import beside_airflow, environment  # noqa: E402
from polyaxon_airflow.checking import check_file  # noqa: E402
from tests import corpus  # noqa: E402
from tests.fuzz.seeds import FILES  # noqa: E402

SEED = 7
CLEAN = {"PYTHONPATH": "", "PYTHONHASHSEED": "0"}  # nothing of ours in the rival's Python

# Runs in the rival's Python: checks the files that stand on its input, one a line, and says how long all of them took.
POLYAXON = """
import json, os, sys, tempfile, time
os.environ.update(HOME=tempfile.mkdtemp(), POLYAXON_NO_CONFIG="true")
from polyaxon.polyaxonfile import check_polyaxonfile
paths = sys.stdin.read().split("\\n")
def check(path):
    try:
        check_polyaxonfile(polyaxonfile=path, is_cli=False, to_op=True, verbose=False)
        return None
    except BaseException as error:
        chain = []
        while error is not None and len(chain) < 5:
            chain.append(f"{type(error).__name__}: {error}")
            error = error.__cause__
        return "\\n".join(chain)[:4000]
work = check
PASSES
print("RESULT" + json.dumps({"cold": cold, "warm": warm, "messages": results}))
"""
OURS = """
import json, sys, time
from pathlib import Path
from polyaxon_airflow.checking import check_file
paths = sys.stdin.read().split("\\n")
def work(path):
    return check_file(Path(path), root=Path(path).parent).is_valid
PASSES
print("RESULT" + json.dumps({"cold": cold, "warm": warm}))
"""
# CPU milliseconds a file: of a first pass, in which kinds are imported and models built, and of a second.
PASSES = """
distinct = list(dict.fromkeys(paths))
started = time.process_time()
for path in distinct:
    work(path)
cold = (time.process_time() - started) * 1000 / len(distinct)
started = time.process_time()
results = [work(path) for path in paths]
warm = (time.process_time() - started) * 1000 / len(paths)
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--mutants", type=int, default=1500)
    parser.add_argument("--polyaxon", type=Path, help="a Python that has polyaxon 2.18.0")
    arguments = parser.parse_args()
    python = arguments.polyaxon or environment("polyaxon", "polyaxon==2.18.0")
    with tempfile.TemporaryDirectory() as folder:
        files = base_files(Path(folder))
        result = {
            "files": "corpus" if corpus.folder() else "seeds",
            "speed": speed(files, arguments.files, arguments.repeat, python),
            "faults": faults(files, Path(folder), arguments.mutants, python),
            "false_alarms": false_alarms(files),
        }
    place = HERE / "results" / "check.json"
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(result, indent=2) + "\n")
    show(result)


# --- files


def base_files(folder):
    """Valid files in a folder of their own, by name: real ones, without a warning of ours."""
    place = corpus.folder()
    if place is None:
        texts = {f"seed-{number}.yaml": text for number, text in enumerate(FILES)}
    else:
        rows = [row for row in corpus.rows("verdicts.jsonl") if is_real(row)]
        texts = {row["file"]: (place / row["file"]).read_text() for row in rows}
        copy_tree(place / "refs", folder / "refs")
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


def is_real(row):
    return row["check"]["accepted"] and row["group"] not in ("written", "mutant", "python-tests")


def copy_tree(source, target):
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_text(path.read_text())


# --- N4


def speed(files, count, repeat, python):
    """Milliseconds of CPU a file, in processes that alternate: in a first pass over the files, and in a second."""
    paths = (files * (count // len(files) + 1))[:count]
    ours, theirs = [], []
    for _ in range(repeat):
        ours.append(ask([sys.executable, "-c", OURS], paths, {"PYTHONPATH": str(ROOT)}))
        theirs.append(ask([str(python), "-c", POLYAXON], paths, CLEAN))
    result = {"files": count}
    for heat in ("warm", "cold"):
        result[heat] = {
            "ours": spread([times[heat] for times in ours]),
            "polyaxon": spread([times[heat] for times in theirs]),
            "ratio": spread([mine[heat] / other[heat] for mine, other in zip(ours, theirs, strict=True)]),
        }
    return result


def ask(command, paths, environment=None):
    """What a worker says about the files."""
    given = {**os.environ, **(environment or {})}
    command = [part.replace("PASSES", PASSES) for part in command]
    done = subprocess.run(
        command, input="\n".join(map(str, paths)), capture_output=True, text=True, check=False, env=given
    )
    if "RESULT" not in done.stdout:
        raise SystemExit(f"a worker failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.rpartition("RESULT")[2])


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "all": values}


# --- N5


def faults(files, folder, count, python):
    """How many planted faults each checker finds, on the right line, with the right word in its suggestion."""
    clean = [path for path in files if not check_file(path, root=folder).faults]
    mutants = planted(clean, count)
    place = folder / "mutants"
    place.mkdir()
    copy_tree(folder / "refs", place / "refs") if (folder / "refs").exists() else None
    paths = []
    for number, mutant in enumerate(mutants):
        paths.append(place / f"{number}.yaml")
        paths[-1].write_text(mutant.text)
    reports = {
        "ours": [our_report(path, place) for path in paths],
        "polyaxon check": polyaxon_reports(paths, python),
        "dagfactory lint": dagfactory_reports(paths),
    }
    scores = {name: score(mutants, found) for name, found in reports.items()}
    scores["blueprint lint"] = score(BLUEPRINT_MUTANTS, blueprint_reports(folder))
    return {"mutants": len(mutants), "by checker": scores}


def planted(files, count):
    """Mutants of all files, each fault in turn, without doubles."""
    found = {}
    for round_ in range(20):
        for path in files:
            for mutant in plant(path.name, path.read_text(), OPERATORS, SEED + round_, 2):
                found.setdefault(mutant.text, mutant)
            if len(found) >= count:
                return list(found.values())[:count]
    return list(found.values())


def our_report(path, root):
    """Lines with what is said there."""
    return [(fault.line, fault.suggestion or "") for fault in check_file(path, root=root).faults]


def polyaxon_reports(paths, python):
    """Polyaxon says no lines but those of YAML itself; its messages count as suggestions."""
    messages = ask([str(python), "-c", POLYAXON], paths, CLEAN)["messages"]
    return [said(message) for message in messages]


def said(message):
    if message is None:
        return []
    lines = [int(line) for line in re.findall(r"line (\d+)", message)] or [None]
    return [(line, message) for line in lines]


def dagfactory_reports(paths):
    """`dagfactory lint` parses the YAML and nothing else (dagfactory/__main__.py, 1.1.0)."""
    home = beside_airflow("dag-factory==1.1.0", "typer", "rich")
    messages = ask([sys.executable, "-c", DAGFACTORY], paths, {"PYTHONPATH": str(home)})["messages"]
    return [said(message) for message in messages]


DAGFACTORY = """
import json, sys
from pathlib import Path
from dagfactory.__main__ import _check_yaml_syntax
messages = [_check_yaml_syntax(Path(path)) or None for path in sys.stdin.read().split("\\n")]
print("RESULT" + json.dumps({"messages": messages}))
"""


def blueprint_reports(folder):
    """Its reports of the mutants; the pipeline itself has to pass, else they would say nothing."""
    home = beside_airflow("airflow-blueprint==0.5.0", "click", "rich")
    reports = []
    for number, text in enumerate([PIPELINE, *(mutant.text for mutant in BLUEPRINT_MUTANTS)]):
        place = folder / f"blueprint-{number}"
        file = write_blueprint(place, text)
        done = subprocess.run(
            [sys.executable, "-m", "blueprint.cli", "lint", str(file), "--template-dir", str(place)],
            capture_output=True,
            text=True,
            check=False,
            cwd=place,
            env={**os.environ, "PYTHONPATH": str(home), "COLUMNS": "500"},
        )
        reports.append(said(done.stdout) if done.returncode else [])
    if reports[0]:
        raise SystemExit(f"blueprint refuses a valid pipeline: {reports[0]}")
    return reports[1:]


def score(mutants, reports):
    """Counts over all mutants and by kind of fault: found at all, on the right line, with the right word."""
    total = collections.Counter()
    by_fault = collections.defaultdict(collections.Counter)
    for mutant, report in zip(mutants, reports, strict=True):
        counts = {
            "planted": 1,
            "found": bool(report),
            "on the line": any(line in mutant.lines for line, _ in report),
            "suggestions wanted": mutant.instead is not None,
            "suggested": mutant.instead is not None and any(mutant.instead in words for _, words in report),
        }
        total.update(counts)
        by_fault[mutant.fault].update(counts)
    return {**total, "by fault": {fault: dict(counts) for fault, counts in sorted(by_fault.items())}}


def false_alarms(files):
    """Valid files with an error of ours, and those with a warning."""
    results = [check_file(path, root=path.parent) for path in files]
    return {
        "files": len(results),
        "with errors": sum(not result.is_valid for result in results),
        "with warnings": sum(result.is_valid and bool(result.faults) for result in results),
    }


# --- environments of the rivals


def show(result):
    times = result["speed"]
    for heat in ("warm", "cold"):
        ours, theirs = (times[heat][name]["median"] for name in ("ours", "polyaxon"))
        print(f"{times['files']} files, {heat}: {ours:.2f} ms of CPU a file, polyaxon {theirs:.2f} ms")
    for name, counts in result["faults"]["by checker"].items():
        share = {key: counts[key] / counts["planted"] for key in ("found", "on the line")}
        suggested = counts["suggested"] / max(1, counts["suggestions wanted"])
        print(
            f"{name:16} {counts['planted']:5} planted, found {share['found']:.0%}, on the line {share['on the line']:.0%}, "
            f"suggested {suggested:.0%}"
        )
    print(f"valid files: {result['false_alarms']}")


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"{time.perf_counter() - started:.0f} s")
