"""Running an init step as its container does: a process of its own, and no Airflow in sight."""

import os
import subprocess
import sys
from pathlib import Path

import polyaxon_airflow
from polyaxon_airflow.init.options import encode

ROOT = str(Path(polyaxon_airflow.__file__).parents[1])


def step(kind, options, **variables):
    """What `python -m polyaxon_airflow.init` does: returncode, stdout, stderr."""
    return subprocess.run(
        [sys.executable, "-m", "polyaxon_airflow.init", kind, *encode(options)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, "HOME": "/nonexistent", **variables},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
