"""N18: from the metric that decides until the process of a stopped trial is gone, in a real Airflow.

    python bench/latency.py [--runs 10]

A trial that waits for three others to run writes a metric; the sweep's goal is reached, and the others end. In a
second sweep the last of three trials shows what makes a median policy stop two others. Each trial writes down the time
before it writes its metric, and this script waits for the end of each stopped process with a pidfd. Writes
bench/results/latency.json.
"""

import argparse
import json
import os
import selectors
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from polyaxon_airflow.embedded import EmbeddedAirflow  # noqa: E402
from polyaxon_airflow.rest import ApiError, run_path  # noqa: E402

VICTIMS = {"goal": 3, "policy": 2}
PATIENCE = 300  # seconds for anything

DAG = """
kind: component
name: latency
inputs: [{{name: round, type: str, value: "0", isOptional: true}}]
run:
  kind: dag
  operations:
  - name: goal
    dagRef: train
    params: {{deciders: {{value: 1}}, victims: {{value: 3}}, sweep: {{value: goal}}, round: {{ref: dag, value: inputs.round}}}}
    matrix:
      kind: grid
      params: {{x: {{kind: choice, value: [1.0, 7.0, 8.0, 9.0]}}}}
      earlyStopping: [{{kind: metric_early_stopping, metric: loss, value: 1.5, optimization: minimize}}]
  - name: policy
    dagRef: train
    dependencies: [goal]
    params: {{deciders: {{value: 3}}, victims: {{value: 2}}, sweep: {{value: policy}}, round: {{ref: dag, value: inputs.round}}}}
    matrix:
      kind: grid
      params: {{x: {{kind: choice, value: [1.0, 1.1, 1.2, 8.0, 9.0]}}}}
      earlyStopping:
      - kind: metric_early_stopping
        metric: loss
        value: 0
        optimization: minimize
        policy: {{kind: median, minInterval: 4, minSamples: 3}}
  components:
  - name: train
    cache: {{disable: true}}
    inputs: [{{name: x, type: float}}, {{name: deciders, type: int}}, {{name: victims, type: int}}, {{name: sweep, type: str}}, {{name: round, type: str}}]
    outputs: [{{name: loss, type: metric}}]
    run:
      kind: job
      container:
        image: x
        command: [sh, -c]
        args:
        - |
          marks={marks}/{{{{ round }}}}/{{{{ sweep }}}}
          mkdir -p $marks
          case {{{{ x }}}} in 7.0|8.0|9.0)
            for step in 1 2 3 4; do echo "step=$step loss={{{{ x }}}}"; done
            echo $$$$ > $marks/victim-{{{{ x }}}}.part && mv $marks/victim-{{{{ x }}}}.part $marks/victim-{{{{ x }}}}
            sleep 600;;
          esac
          while [ $(ls $marks | grep -c '^watched') -lt {{{{ victims }}}} ]; do sleep 0.1; done
          for step in 1 2 3; do echo "step=$step loss=5"; done
          date +%s.%N > $marks/decider-{{{{ x }}}}
          echo "step=4 loss={{{{ x }}}}"
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    found = {sweep: [] for sweep in VICTIMS}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "dags").mkdir()
        (root / "dags" / "latency.yaml").write_text(DAG.format(marks=root / "marks"))
        settings = {"AIRFLOW__CORE__PARALLELISM": "8"}
        with EmbeddedAirflow(root / "home", root / "dags", settings=settings) as airflow:
            client = airflow.client()
            until(lambda: is_there(client), "the DAG")
            for number in range(options.runs):
                run_id = client.trigger("latency", {"round": str(number)})
                for sweep, victims in VICTIMS.items():
                    found[sweep] += seconds(root / "marks" / str(number) / sweep, victims)
                until(lambda run_id=run_id: is_over(client, run_id), "the end of the run")
                print(number, {sweep: [round(s, 2) for s in rows] for sweep, rows in found.items()})
    result = {
        "seconds from metric to the process being gone": {
            sweep: summary(rows) for sweep, rows in found.items()
        },
        "all": summary([value for rows in found.values() for value in rows]),
        "load average": [round(load, 1) for load in os.getloadavg()],
        "cores": os.cpu_count(),
    }
    options.results.mkdir(exist_ok=True)
    (options.results / "latency.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def seconds(marks, victims):
    """Of each victim: from the last decider's metric until its process is gone."""
    until(lambda: len(list(marks.glob("victim-[789].0"))) == victims, f"{victims} trials in {marks}")
    with selectors.DefaultSelector() as selector:
        for file in marks.glob("victim-[789].0"):
            selector.register(os.pidfd_open(int(file.read_text())), selectors.EVENT_READ)
        for number in range(victims):
            (marks / f"watched-{number}").touch()
        ended = []
        while len(ended) < victims:
            events = selector.select(PATIENCE)
            if not events:
                raise SystemExit(f"a trial of {marks} was not stopped within {PATIENCE} s")
            for key, _ in events:
                ended.append(time.time())
                selector.unregister(key.fd)
                os.close(key.fd)
    decided = max(float(file.read_text()) for file in marks.glob("decider-*"))
    return [end - decided for end in ended]


def summary(values):
    ordered = sorted(values)
    return {
        "samples": len(ordered),
        "median": round(statistics.median(ordered), 3),
        "p95": round(statistics.quantiles(ordered, n=20, method="inclusive")[-1], 3),
        "most": round(ordered[-1], 3),
    }


def is_there(client):
    try:
        return client.get("/dags/latency/details")
    except ApiError:
        return None


def is_over(client, run_id):
    return client.get(run_path("latency", run_id))["state"] in ("success", "failed")


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited {PATIENCE} s in vain for {what}")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
