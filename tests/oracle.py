"""The official polyaxon and traceml, in an environment of their own that POLYAXON_ORACLE_PYTHON names."""

import os
import subprocess
from pathlib import Path

import pytest

PYTHON = os.environ.get("POLYAXON_ORACLE_PYTHON", "")
needed = pytest.mark.skipif(
    not Path(PYTHON).is_file(), reason="POLYAXON_ORACLE_PYTHON names no Python that has polyaxon 2.18"
)


def output(code, given=""):
    """What a program prints there, with this text as its input."""
    ended = subprocess.run([PYTHON, "-c", code], input=given, capture_output=True, text=True, check=True)
    return ended.stdout
