"""Single slips of the kinds that people make: each is told on its line, with the word that was meant.

A row is a file, a part of it, what somebody wrote instead, and a word of the suggestion; None where nothing can be
suggested.
"""

import pytest

from polyaxon_airflow.checking import Known, check_file
from polyaxon_airflow.cli.check import query_errors

TRAIN = """\
version: 1.1
kind: component
name: train
inputs:
- name: lr
  type: float
  value: 0.01
- name: epochs
  type: int
  value: 3
- name: model
  type: str
  isOptional: true
outputs:
- name: loss
  type: float
run:
  kind: job
  init:
  - git: {url: "https://github.com/a/b", revision: main}
  connections: [data]
  environment:
    nodeSelector: {gpu: a100}
    restartPolicy: Never
  container:
    image: python:3.12
    command: [python, train.py]
    args: ["--lr={{ lr }}", "--epochs={{ epochs }}"]
    env:
    - name: DEBUG
      value: "1"
    resources:
      requests: {cpu: 1, memory: 1Gi}
      limits: {cpu: 2, memory: 2Gi}
    volumeMounts:
    - name: scratch
      mountPath: /scratch
  volumes:
  - name: scratch
    emptyDir: {}
"""
SWEEP = """\
kind: operation
name: sweep
queue: gpu
termination: {maxRetries: 2, timeout: 3600}
cache: {disable: false, ttl: 60}
matrix:
  kind: random
  numRuns: 20
  concurrency: 4
  seed: 1
  params:
    lr: {kind: loguniform, value: [-7, -2]}
    epochs: {kind: choice, value: [1, 2, 3]}
  earlyStopping:
  - kind: metric_early_stopping
    metric: loss
    value: 0.1
    optimization: minimize
    policy:
      kind: median
      evaluationInterval: 1
schedule:
  kind: cron
  cron: "0 3 * * *"
hooks:
- hubRef: slack
  trigger: failed
component:
  inputs:
  - {name: lr, type: float}
  - {name: epochs, type: int}
  outputs:
  - {name: loss, type: float}
  run:
    kind: job
    container:
      image: python:3.12
      command: [python, train.py]
      args: ["{{ params.lr.as_arg }}", "--e={{ epochs }}"]
"""
HYPER = """\
kind: operation
matrix:
  kind: hyperband
  maxIterations: 81
  eta: 3
  resource: {name: epochs, type: int}
  metric: {name: loss, optimization: minimize}
  params:
    lr: {kind: uniform, value: [0, 1]}
component:
  inputs:
  - {name: lr, type: float}
  - {name: epochs, type: int}
  outputs:
  - {name: loss, type: float}
  run:
    kind: job
    container: {image: a, args: ["{{ lr }}", "{{ epochs }}"]}
"""
BAYES = """\
kind: operation
matrix:
  kind: bayes
  numInitialRuns: 5
  maxIterations: 10
  metric: {name: loss, optimization: minimize}
  utilityFunction:
    acquisitionFunction: ucb
    kappa: 2.5
    gaussianProcess: {kernel: matern, nu: 1.5}
  params:
    lr: {kind: uniform, value: [0, 1]}
component:
  inputs:
  - {name: lr, type: float}
  run:
    kind: job
    container: {image: a, args: ["{{ lr }}"]}
"""
DAG = """\
kind: component
name: pipeline
inputs:
- {name: size, type: int, value: 10}
run:
  kind: dag
  concurrency: 2
  components:
  - name: trainer
    inputs:
    - {name: n, type: int}
    outputs:
    - {name: loss, type: float}
    run:
      kind: job
      container: {image: a, args: ["{{ n }}"]}
  operations:
  - name: prepare
    component:
      inputs:
      - {name: size, type: int}
      outputs:
      - {name: rows, type: int}
      run:
        kind: job
        container: {image: a, args: ["{{ size }}"]}
    params:
      size: {ref: dag, value: inputs.size}
  - name: train
    dagRef: trainer
    params:
      n: {ref: ops.prepare, value: outputs.rows}
  - name: report
    dependencies: [train]
    trigger: all_done
    conditions: "{{ loss > 1 }}"
    params:
      loss: {ref: ops.train, value: outputs.loss}
    run:
      kind: job
      container: {image: a, command: [echo, "{{ loss }}"]}
"""
EVENTS = """\
kind: operation
events:
- kinds: [run_status_succeeded]
  ref: runs.8aac02e3a62a4f0aaa257c59da5eab80
joins:
- query: "status:succeeded, metrics.loss:<0.1"
  sort: -metrics.loss
  limit: 5
  params:
    losses: {value: outputs.loss}
params:
  lr: {value: 0.1}
component:
  inputs:
  - {name: lr, type: float, validation: {gt: 0, le: 1}}
  - {name: losses, type: float, isList: true}
  run:
    kind: service
    ports: [8080]
    container: {image: a, args: ["{{ lr }}", "{{ losses }}"]}
"""
TF = """\
kind: component
run:
  kind: tfjob
  cleanPodPolicy: All
  chief:
    replicas: 1
    container: {image: a}
  worker:
    replicas: 2
    container: {image: a}
"""
FILES = {
    "bayes": BAYES,
    "dag": DAG,
    "events": EVENTS,
    "hyperband": HYPER,
    "sweep": SWEEP,
    "tfjob": TF,
    "train": TRAIN,
}

SLIPS = [
    ("train", "    image: python:3.12\n", "   image: python:3.12\n", None),
    ("train", "    command: [python, train.py]\n", "      command: [python, train.py]\n", None),
    ("train", "  kind: job\n", "\tkind: job\n", "spaces"),
    ("train", "    image: python:3.12\n", "\t\timage: python:3.12\n", "spaces"),
    ("train", "name: train\n", "name: train\nname: train2\n", None),
    ("train", "    image: python:3.12\n", "    image: python:3.12\n    image: python:3.11\n", None),
    ("train", "    requests: {cpu: 1, memory: 1Gi}", "    requests: {cpu: 1 core, memory: 1Gi}", "Write 1."),
    ("train", "    requests: {cpu: 1, memory: 1Gi}", "    requests: {cpu: 1, memory: 1GB}", "1G"),
    ("train", "    requests: {cpu: 1, memory: 1Gi}", "    requests: {cpu: 1, memory: 1 Gi}", "1Gi"),
    ("train", "    requests: {cpu: 1, memory: 1Gi}", "    requests: {cpus: 1, memory: 1Gi}", "cpu"),
    ("train", "    requests: {cpu: 1, memory: 1Gi}", "    request: {cpu: 1, memory: 1Gi}", "requests"),
    ("train", "    requests: {cpu: 1, memory: 1Gi}", "    requests: {cpu: 4, memory: 1Gi}", None),
    (
        "train",
        "    requests: {cpu: 1, memory: 1Gi}",
        "    requests: {cpu: 1, memory: 1Gi, gpu: 1}",
        "nvidia.com/gpu",
    ),
    ("train", "restartPolicy: Never", "restartPolicy: never", "Never"),
    ("train", "restartPolicy: Never", "restartPolicy: No", None),
    ("train", "  type: float\n  value: 0.01", "  type: flaot\n  value: 0.01", "float"),
    ("train", "  type: float\n  value: 0.01", "  type: number\n  value: 0.01", "float"),
    ("train", "  type: float\n  value: 0.01", "  type: double\n  value: 0.01", "float"),
    ("train", "  type: int\n  value: 3", "  type: integer\n  value: 3", "int"),
    ("train", "  type: str\n  isOptional", "  type: string\n  isOptional", "str"),
    ("train", "  value: 3\n", "  value: three\n", None),
    ("train", "  value: 3\n", "  default: 3\n", "value"),
    ("train", "  isOptional: true", "  optional: true", "isOptional"),
    ("train", "  isOptional: true", "  required: false", "isOptional"),
    ("train", "  isOptional: true", "  isOptional: maybe", None),
    ("train", "- name: lr\n", "- lr\n", None),
    ("train", "- name: lr\n", "- nam: lr\n", "name"),
    (
        "train",
        "inputs:\n- name: lr\n  type: float\n  value: 0.01\n",
        "inputs:\n  lr:\n    type: float\n    value: 0.01\nxx:\n",
        None,
    ),
    ("train", '    - name: DEBUG\n      value: "1"\n', '      DEBUG: "1"\n', None),
    ("train", "    image: python:3.12\n", "    images: python:3.12\n", "image"),
    ("train", "  container:\n", "  containers:\n", "container"),
    ("train", "    command: [python, train.py]\n", "    cmd: [python, train.py]\n", "command"),
    ("train", "      mountPath: /scratch", "      mountpath: /scratch", "mountPath"),
    ("train", "    - name: scratch\n      mountPath", "    - name: scrach\n      mountPath", "scratch"),
    ("train", "    emptyDir: {}", "    emptydir: {}", "emptyDir"),
    (
        "train",
        '{url: "https://github.com/a/b", revision: main}',
        '{url: "https://github.com/a/b", branch: main}',
        "revision",
    ),
    (
        "train",
        '  - git: {url: "https://github.com/a/b", revision: main}',
        '    git: {url: "https://github.com/a/b", revision: main}',
        None,
    ),
    ("train", "--lr={{ lr }}", "--lr={{ learning_rate }}", None),
    ("train", "--lr={{ lr }}", "--lr={{ params.lr.asarg }}", "as_arg"),
    ("train", "--lr={{ lr }}", "--lr={{ lr }", None),
    ("train", "--lr={{ lr }}", "--lr={ lr }}", None),
    ("train", "--lr={{ lr }}", "--lr={{ inputs.lr }}", "lr"),
    ("train", "--lr={{ lr }}", "--lr={{ global.uuid }}", "globals"),
    ("train", "--lr={{ lr }}", "--lr={{ globals.run_uuid }}", "uuid"),
    ("train", "--lr={{ lr }}", "--lr={{ globals.artifact_path }}", "artifacts_path"),
    ("train", "kind: component", "kind: Component", "component"),
    ("train", "kind: component", "kind: pipeline", None),
    ("train", "  kind: job\n", "  kind: jobs\n", "job"),
    ("train", "  kind: job\n", "  kind: pytorch\n", "pytorchjob"),
    ("train", "  kind: job\n", "", "kind"),
    ("train", "version: 1.1", "version: v1", None),
    ("train", "name: train\n", "name: my train\n", None),
    ("train", "connections: [data]", "connection: data", "connections"),
    ("train", "connections: [data]", "connections: data", "[data]"),
    ("train", "connections: [data]", "connections: [{name: data}]", None),
    ("train", "run:\n  kind: job", "runs:\n  kind: job", "run"),
    ("train", "outputs:\n", "output:\n", "outputs"),
    ("sweep", "queue: gpu\n", "queu: gpu\n", "queue"),
    ("sweep", "maxRetries: 2", "retries: 2", "maxRetries"),
    ("sweep", "maxRetries: 2", "maxRetry: 2", "maxRetries"),
    ("sweep", "maxRetries: 2", "maxRetries: -1", None),
    ("sweep", "timeout: 3600", "timeout: 1h", "3600"),
    ("sweep", "timeout: 3600", "timeout: -5", None),
    ("sweep", "ttl: 60", "ttl: 1d", None),
    ("sweep", "kind: random\n", "kind: randomsearch\n", "random"),
    ("sweep", "kind: random\n", "kind: random_search\n", "random"),
    ("sweep", "numRuns: 20", "num_run: 20", "numRuns"),
    ("sweep", "numRuns: 20", "maxRuns: 20", "numRuns"),
    ("sweep", "numRuns: 20", "numRuns: 0", None),
    ("sweep", "numRuns: 20", "numRuns: twenty", None),
    ("sweep", "  numRuns: 20\n", "", "numRuns"),
    ("sweep", "concurrency: 4", "concurrency: -4", None),
    ("sweep", "concurrency: 4", "concurrency: all", None),
    ("sweep", "concurrency: 4", "parallelism: 4", "concurrency"),
    ("sweep", "concurrency: 4", "concurency: 4", "concurrency"),
    ("sweep", "seed: 1", "seed: abc", None),
    ("sweep", "    lr: {kind: loguniform", "    learning_rate: {kind: loguniform", "lr"),
    ("sweep", "    lr: {kind: loguniform", "    lrr: {kind: loguniform", "lr"),
    ("sweep", "    epochs: {kind: choice", "    epoch: {kind: choice", "epochs"),
    ("sweep", "kind: loguniform", "kind: log_uniform", "loguniform"),
    ("sweep", "kind: loguniform", "kind: logUniform", "loguniform"),
    ("sweep", "value: [-7, -2]", "value: [-2, -7]", None),
    ("sweep", "value: [-7, -2]", "values: [-7, -2]", "value"),
    ("sweep", "value: [-7, -2]", "value: -7", None),
    ("sweep", "value: [-7, -2]", "value: [a, b]", None),
    ("sweep", "kind: choice, value: [1, 2, 3]", "kind: choices, value: [1, 2, 3]", "choice"),
    ("sweep", "kind: choice, value: [1, 2, 3]", "kind: choice, value: 1", "[1]"),
    ("sweep", "kind: choice, value: [1, 2, 3]", "kind: choice, value: [a, b]", None),
    ("sweep", "kind: choice, value: [1, 2, 3]", "kind: choice, value: []", None),
    ("sweep", "kind: choice, value: [1, 2, 3]", "kind: uniform, value: [0, 1]", None),
    ("sweep", "kind: choice, value: [1, 2, 3]", "[1, 2, 3]", None),
    ("sweep", "{kind: choice, value: [1, 2, 3]}", "[1, 2, 3]", "choice"),
    ("sweep", "  - kind: metric_early_stopping\n", "  - kind: metric\n", "metric_early_stopping"),
    ("sweep", "  - kind: metric_early_stopping\n    metric", "  - metric", "kind"),
    ("sweep", "    metric: loss\n", "    metric: losss\n", "loss"),
    ("sweep", "optimization: minimize", "optimization: min", "minimize"),
    ("sweep", "optimization: minimize", "optimization: minimise", "minimize"),
    ("sweep", "optimization: minimize", "optimization: MINIMIZE", "minimize"),
    ("sweep", "optimization: minimize", "goal: minimize", "optimization"),
    ("sweep", "      kind: median\n", "      kind: average\n", "median"),
    ("sweep", "      kind: median\n", "      kind: medain\n", "median"),
    ("sweep", "evaluationInterval: 1", "interval: 1", "evaluationInterval"),
    ("sweep", "evaluationInterval: 1", "evaluationInterval: 0", None),
    ("sweep", "  kind: cron\n", "  kind: crontab\n", "cron"),
    ("sweep", '"0 3 * * *"', '"0 3 * *"', None),
    ("sweep", '"0 3 * * *"', "* 3 * * *", None),
    ("sweep", '"0 3 * * *"', '"0 25 * * *"', None),
    ("sweep", '"0 3 * * *"', '"@dayly"', "@daily"),
    ("sweep", '"0 3 * * *"', '"0 0 30 2 *"', None),
    ("sweep", '  cron: "0 3 * * *"', '  expression: "0 3 * * *"', "cron"),
    ("sweep", '  cron: "0 3 * * *"', '  cron: "0 3 * * *"\n  startAt: 2027-01-01\n  endAt: 2026-01-01', None),
    ("sweep", "schedule:\n  kind: cron\n", "schedule:\n  kind: interval\n", "frequency"),
    ("sweep", '  kind: cron\n  cron: "0 3 * * *"', "  kind: interval\n  frequency: 1h", "3600"),
    ("sweep", '  kind: cron\n  cron: "0 3 * * *"', "  kind: interval\n  frequency: 0", None),
    ("sweep", "trigger: failed", "trigger: fail", "failed"),
    ("sweep", "trigger: failed", "trigger: success", "succeeded"),
    ("sweep", "trigger: failed", "on: failed", '"on"'),
    ("sweep", "- hubRef: slack\n", "- pathRef: slack\n", "hubRef"),
    (
        "sweep",
        "hooks:\n- hubRef: slack\n  trigger: failed",
        "hooks:\n  hubRef: slack\n  trigger: failed",
        None,
    ),
    ("hyperband", "eta: 3", "eta: 0", None),
    ("hyperband", "eta: 3", "eta: three", None),
    ("hyperband", "name: epochs, type: int}\n  metric", "name: epoch, type: int}\n  metric", "epochs"),
    ("hyperband", "resource: {name: epochs, type: int}", "resource: {name: epochs, type: integer}", "int"),
    ("hyperband", "resource: {name: epochs, type: int}", "resource: epochs", None),
    ("hyperband", "metric: {name: loss,", "metric: {name: los,", "loss"),
    ("hyperband", "metric: {name: loss, optimization: minimize}", "metric: loss", "name"),
    ("hyperband", "optimization: minimize", "optimisation: minimize", "optimization"),
    ("hyperband", "  maxIterations: 81\n", "", "maxIterations"),
    ("hyperband", "maxIterations: 81", "maxIter: 81", "maxIterations"),
    ("hyperband", "maxIterations: 81", "maxIterations: 1e2", None),
    ("bayes", "acquisitionFunction: ucb", "acquisitionFunction: UCB", "ucb"),
    ("bayes", "acquisitionFunction: ucb", "acquisitionFunction: ei", "eps"),
    ("bayes", "    kappa: 2.5\n", "", "kappa"),
    ("bayes", "kernel: matern", "kernel: Matern", "matern"),
    ("bayes", "numInitialRuns: 5", "numInitialRun: 5", "numInitialRuns"),
    ("bayes", "{kind: uniform, value: [0, 1]}", "{kind: normal, value: [0, 1]}", None),
    ("bayes", "{kind: uniform, value: [0, 1]}", "{kind: uniform, value: [1, 0]}", None),
    ("dag", "dependencies: [train]", "dependencies: [trian]", "train"),
    ("dag", "dependencies: [train]", "dependencies: [report]", None),
    ("dag", "dependencies: [train]", "depends_on: [train]", "dependencies"),
    ("dag", "dependencies: [train]", "dependencies: train", "[train]"),
    ("dag", "dagRef: trainer", "dagRef: trainr", "trainer"),
    ("dag", "trigger: all_done", "trigger: all_success", "all_succeeded"),
    ("dag", "trigger: all_done", "trigger: always", None),
    (
        "dag",
        "{ref: ops.prepare, value: outputs.rows}",
        "{ref: op.prepare, value: outputs.rows}",
        "ops.prepare",
    ),
    ("dag", "{ref: ops.prepare, value: outputs.rows}", "{ref: prepare, value: outputs.rows}", "ops.prepare"),
    (
        "dag",
        "{ref: ops.prepare, value: outputs.rows}",
        "{ref: operations.prepare, value: outputs.rows}",
        "ops.prepare",
    ),
    ("dag", "{ref: ops.prepare, value: outputs.rows}", "{ref: ops.prepar, value: outputs.rows}", "prepare"),
    ("dag", "{ref: ops.prepare, value: outputs.rows}", "{ref: ops.prepare, value: output.rows}", "outputs"),
    ("dag", "{ref: ops.prepare, value: outputs.rows}", "{ref: ops.prepare, value: outputs.row}", "rows"),
    ("dag", "{ref: ops.prepare, value: outputs.rows}", "{ref: ops.prepare, value: rows}", "outputs.rows"),
    ("dag", "{ref: ops.prepare, value: outputs.rows}", "{ref: ops.prepare.outputs.rows}", None),
    ("dag", "{ref: ops.prepare, value: outputs.rows}", '"{{ ops.prepare.outputs.rows }}"', "ref"),
    (
        "dag",
        "{ref: ops.prepare, value: outputs.rows}",
        '{ref: "{{ ops.prepare }}", value: outputs.rows}',
        "ops.prepare",
    ),
    ("dag", "{ref: dag, value: inputs.size}", "{ref: dag, value: inputs.sizes}", "size"),
    ("dag", "{ref: dag, value: inputs.size}", "{ref: dag, value: outputs.size}", None),
    ("dag", "{ref: dag, value: inputs.size}", "{ref: ops.dag, value: inputs.size}", None),
    ("dag", "- {name: rows, type: int}", "- {name: rows, type: float}", None),
    ("dag", "  - name: report\n", "  - name: train\n", None),
    ("dag", 'conditions: "{{ loss > 1 }}"', "conditions: loss > 1", "{{ loss > 1 }}"),
    ("dag", 'conditions: "{{ loss > 1 }}"', "conditions: {{ loss > 1 }}", "Quote"),
    ("dag", 'conditions: "{{ loss > 1 }}"', 'condition: "{{ loss > 1 }}"', "conditions"),
    ("dag", 'conditions: "{{ loss > 1 }}"', 'conditions: "{{ los > 1 }}"', "loss"),
    ("dag", 'conditions: "{{ loss > 1 }}"', "conditions: true", '"true"'),
    ("dag", "concurrency: 2", "concurrency: 0", None),
    ("dag", "  operations:\n", "  ops:\n", "operations"),
    (
        "dag",
        "  - name: report\n    dependencies: [train]\n",
        "  - name: report\n    dependencies: [train]\n    schedule: {kind: cron, cron: '@daily'}\n",
        None,
    ),
    ("dag", "      n: {ref: ops.prepare", "      m: {ref: ops.prepare", "n"),
    ("dag", "  - name: train\n    dagRef", "  - nme: train\n    dagRef", "name"),
    ("events", "run_status_succeeded", "run_status_success", "run_status_succeeded"),
    ("events", "run_status_succeeded", "succeeded", "run_status_succeeded"),
    ("events", "events:\n", "event:\n", "events"),
    ("events", "kinds: [run_status_succeeded]", "kind: run_status_succeeded", "kinds"),
    ("events", "runs.8aac02e3a62a4f0aaa257c59da5eab80", "run.8aac02e3a62a4f0aaa257c59da5eab80", None),
    ("events", "status:succeeded, metrics.loss:<0.1", "status=succeeded", "status:succeeded"),
    ("events", "metrics.loss:<0.1", "metric.loss:<0.1", "metrics"),
    ("events", "sort: -metrics.loss", "sort: -metric.loss", "metrics"),
    ("events", "losses: {value: outputs.loss}", "losses: outputs.loss", "value"),
    ("events", "losses: {value: outputs.loss}", "losses: {value: output.loss}", "outputs"),
    ("events", "limit: 5", "limit: five", None),
    ("events", "isList: true", "isList: false", None),
    ("events", "lr: {value: 0.1}", "lr: {value: 2.5}", None),
    ("events", "lr: {value: 0.1}", "lr: {value: high}", None),
    ("events", "lr: {value: 0.1}", "lr: {vale: 0.1}", "value"),
    ("events", "lr: {value: 0.1}", "rl: {value: 0.1}", "lr"),
    ("events", "lr: {value: 0.1}", "lr: 0,1", None),
    ("events", "validation: {gt: 0, le: 1}", "validation: {min: 0, le: 1}", "ge"),
    ("events", "validation: {gt: 0, le: 1}", "validation: {gte: 0, le: 1}", "ge"),
    ("events", "ports: [8080]", 'ports: ["8080"]', "8080"),
    ("events", "ports: [8080]", "ports: 8080", "[8080]"),
    ("events", "ports: [8080]", "port: 8080", "ports"),
    ("events", "ports: [8080]", "ports: [808080]", None),
    ("tfjob", "cleanPodPolicy: All", "cleanPodPolicy: all", "All"),
    ("tfjob", "  chief:\n", "  master:\n", "chief"),
    ("tfjob", "replicas: 2", "replicas: -2", None),
    ("tfjob", "replicas: 2", "replica: 2", "replicas"),
    ("tfjob", "  worker:\n", "  workers:\n", "worker"),
    ("tfjob", "kind: tfjob", "kind: mxjob", None),
]
# The slip is where the line of a fault may point as well: two declarations that do not fit one another.
ELSEWHERE = {
    ("- {name: rows, type: int}", "- {name: rows, type: float}"): "n: {ref: ops.prepare",
    ("isList: true", "isList: false"): "losses: {value",
    ("schedule:\n  kind: cron\n", "schedule:\n  kind: interval\n"): 'cron: "0 3',
}


def faults_of(folder, text):
    file = folder / "file.yaml"
    file.write_text(text)
    return check_file(file, root=folder, known=Known(query=query_errors)).faults


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in FILES.items()])
def test_a_file_without_a_slip_has_no_fault(tmp_path, text):
    assert faults_of(tmp_path, text) == ()


@pytest.mark.parametrize(
    ("name", "old", "new", "word"),
    [
        pytest.param(*slip, id=f"{slip[0]}: {slip[2].strip() or 'without ' + slip[1].strip()}"[:60])
        for slip in SLIPS
    ],
)
def test_a_slip_is_told_where_it_is_with_what_was_meant(tmp_path, name, old, new, word):
    text = FILES[name].replace(old, new)
    faults = faults_of(tmp_path, text)
    lines = lines_that_differ(FILES[name], text) | lines_with(text, ELSEWHERE.get((old, new)))
    assert lines & {fault.line for fault in faults}, faults
    if word is not None:
        assert word in " ".join(fault.suggestion or "" for fault in faults), faults


def lines_that_differ(old, new):
    """The lines of the new text, from 1, that are not in the old one; around what is gone the two beside it."""
    before, after = old.split("\n"), new.split("\n")
    same = next(index for index, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
    back = next(
        index for index, pair in enumerate(zip(before[::-1], after[::-1], strict=False)) if pair[0] != pair[1]
    )
    return set(range(same + 1, len(after) - back + 1)) or {same, same + 1}


def lines_with(text, part):
    return {number for number, line in enumerate(text.split("\n"), 1) if part and part in line}
