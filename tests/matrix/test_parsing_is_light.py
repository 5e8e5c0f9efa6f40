"""Airflow parses DAG files all day: reading a matrix, counting its trials and its stopping load no numeric library."""

import subprocess
import sys

CODE = """
import sys
from tests.matrix.sweeps import MIXED, matrix
stop = [{"kind": "metric_early_stopping", "metric": "loss", "value": 0.1, "optimization": "minimize",
         "policy": {"kind": "median"}}, {"kind": "failure_early_stopping", "percent": 50}]
spaces = {"choice": [1, 2], "pchoice": [["a", 0.5], ["b", 0.5]], "range": "1:5:1", "linspace": "0:1:5", "logspace": "0:1:5",
          "geomspace": "1:8:4", "daterange": ["2024-01-01", "2024-01-09", 1],
          "datetimerange": ["2024-01-01", "2024-01-02", 3600], "uniform": "0:1", "quniform": "0:1:0.1",
          "loguniform": "0:1", "qloguniform": "0:1:0.1", "normal": "0:1", "qnormal": "0:1:0.1", "lognormal": "0:1",
          "qlognormal": "0:1:0.1"}
params = {kind: {"kind": kind, "value": value} for kind, value in spaces.items()}
for kind in ("random", "hyperband", "tpe", "hyperopt"):
    assert matrix(kind, params=params, earlyStopping=stop).trials() > 0
assert matrix("bayes", params=MIXED).trials() == 30
assert matrix("iterative", params=params, maxIterations=2).trials() is None
grid = matrix("grid", params={"x": params["geomspace"]})
assert grid.ask(0, []) == {"x": 1.0}
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"numpy", "scipy", "hyperopt", "pandas", "airflow"}))
"""


def test_parsing_is_light():
    assert (
        subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
        == "\n"
    )
