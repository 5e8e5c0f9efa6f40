"""Where things are inside the containers of a run (spec section 5.2)."""

from __future__ import annotations

ROOT = "/plx-context"
ARTIFACTS = f"{ROOT}/artifacts"  # one directory a run and a connection
OFFLINE = f"{ROOT}/offline"  # POLYAXON_OFFLINE_ROOT: the tracking library writes to runs/<uuid> below it
HOME = f"{ROOT}/.polyaxon"  # POLYAXON_HOME

METRICS_FILE = "metrics.jsonl"  # in the run's directory: JSON lines such as {"step": 3, "loss": 0.5}
OUTPUTS_FILE = "outputs.json"  # in the run's directory: one JSON object


def run_path(uuid: str) -> str:
    """The run's own directory, `globals.run_artifacts_path`."""
    return f"{ARTIFACTS}/{uuid}"


def offline_run_path(uuid: str) -> str:
    """The same directory, where the tracking library looks for it in its offline mode."""
    return f"{OFFLINE}/runs/{uuid}"
