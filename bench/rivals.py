"""Environments of the rivals, made once, below .environments."""

import re
import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = Path(__file__).parent.parent / ".environments"


def environment(name, *packages):
    """A Python of its own with packages."""
    place = ENVIRONMENTS / name
    python = place / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
    return python


def beside_airflow(*packages):
    """A folder with packages beside those of this Python, which has Airflow; to be put on PYTHONPATH."""
    place = ENVIRONMENTS / re.sub(r"\W+", "-", packages[0])
    if not place.exists():
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--target",
            str(place),
            "--no-deps",
            *packages,
        ]
        subprocess.run(command, check=True)
    return place
