"""What training code wrote, read while it runs: metrics as points, outputs as a mapping.

Three places for metrics, the better first (design D7):

    POLYAXON_METRICS_FILE   a line of JSON a report: {"step": 3, "loss": 0.5}        `json_lines`
    traceml's event files   runs/<uuid>/events/metric/<name>.plx                     `plx`
    the log                 name=value, for the names that the file asks for         `log_lines`

Each reader takes what was appended and gives points; `Tracker` puts them over a folder and a log.
"""

from polyaxon_airflow.tracking.names import metric_name
from polyaxon_airflow.tracking.outputs import Snapshot, read_outputs, read_snapshot
from polyaxon_airflow.tracking.tracker import Batch, Tracker

__all__ = ["Batch", "Snapshot", "Tracker", "metric_name", "read_outputs", "read_snapshot"]
