"""What Polyaxon lets pass although it does not work: one in each text, and the line that the user reads."""

import pytest

from polyaxon_airflow.checking import Known, check_file
from polyaxon_airflow.cli.check import query_errors
from polyaxon_airflow.connections.catalogue import read_catalogue
from polyaxon_airflow.queues.reading import read_queues

JOB = "run: {kind: job, container: {image: a}}\n"
QUEUES = "agents:\n- name: main\n  queues:\n  - {name: gpu, concurrency: 2}\n"
CONNECTIONS = "connections:\n- {name: data, kind: s3, schema: {bucket: b}}\n"
KNOWN = Known(presets=["gpu"], queues=read_queues(QUEUES), connections=read_catalogue(CONNECTIONS))


def check(folder, text, **options):
    path = folder / "train.yaml"
    path.write_text(text)
    result = check_file(path, root=folder, **options)
    return [str(fault).replace(f"{folder}/", "") for fault in result.faults], result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'inputs: [{name: top, type: int, value: 3}]\njoins: [{query: "status:succeeded", limit: "{{ toop }}", params: {x: '
            "{value: outputs.y}}}]\n" + JOB,
            "train.yaml:2:48: 'toop' in a template is no input or param; known: top, x. Did you mean 'top'?",
            id="a template of a join",
        ),
        pytest.param(
            'matrix: {kind: mapping, values: [{1: a}]}\nrun: {kind: job, container: {image: "{{ x }}"}}\n',
            "train.yaml:2:41: 'x' in a template is no input or param; known: 1",
            id="a template beside params whose names are numbers",
        ),
        pytest.param(
            "run: {kind: job, container: {image: a, livenessProbe: {periodSeconds: 5s}}}\n",
            "train.yaml:1:71: Kubernetes wants a whole number in 'run.container.livenessProbe.periodSeconds', not '5s'",
            id="a text for a number of Kubernetes",
        ),
        pytest.param(
            "matrix: {kind: random, numRuns: 3, params: {}}\n" + JOB,
            "train.yaml:1:9: 'random' cannot search without params. Add 'params:'.",
            id="a search for nothing",
        ),
        pytest.param(
            "plugins: {tmux: true, shm: true}\n" + JOB,
            "train.yaml:1:11: 'plugins.tmux' does nothing here: a task has no terminal that one could join",
            id="a plugin that nothing here has",
        ),
        pytest.param(
            "termination: {culling: {timeout: 60}}\n" + JOB,
            "train.yaml:1:15: 'termination.culling' does nothing here: only a service is watched for being idle. Write "
            "termination.timeout.",
            id="idleness of what is no service",
        ),
        pytest.param(
            "matrix: {kind: tpe, numRuns: 3, metric: {name: loss, optimization: minimize}, tuner: {hubRef: mine}, params: {a: "
            "{kind: uniform, value: [0, 1]}}}\ninputs: [{name: a, type: float}]\n" + JOB,
            "train.yaml:1:79: 'matrix.tuner' does nothing here: its trials ask for their params themselves, and no tuner runs",
            id="a tuner that no search needs",
        ),
        pytest.param(
            "mount: ['./data:data']\n" + JOB,
            "train.yaml:1:1: 'mount' does nothing here: Polyaxon's command line uploads these files when it submits a run",
            id="files that only Polyaxon's command line has",
        ),
        pytest.param(
            "template: {enabled: true, fields: [run.container.image]}\n" + JOB,
            "train.yaml:1:1: this file is a template that is to be filled in before it runs: run.container.image",
            id="a file that is to be filled in",
        ),
        pytest.param(
            "schedule: {kind: cron, cron: '61 25 * * *'}\n" + JOB,
            "train.yaml:1:30: cron '61 25 * * *' cannot be read: ",
            id="a cron that is none",
        ),
        pytest.param(
            "schedule: {kind: interval, frequency: -5}\n" + JOB,
            "train.yaml:1:39: frequency ",
            id="a negative interval",
        ),
        pytest.param(
            "inputs: [{name: lr, type: flaot, isOptional: true}]\n" + JOB,
            "train.yaml:1:27: 'flaot' is no type; ",
            id="an unknown type",
        ),
        pytest.param(
            "inputs: [{name: a, value: 1}, {name: a, value: 2}]\n" + JOB,
            "train.yaml:1:38: 'a' is declared twice",
            id="an input that is declared twice",
        ),
        pytest.param(
            "inputs: [{name: a, value: 1, delay_validation: true}]\n" + JOB,
            "train.yaml:1:10: this rule delays nothing. Write delayValidation: true beside it.",
            id="a rule without effect",
        ),
        pytest.param(
            "inputs: [{name: n, type: int, value: 1, toInit: true}]\n" + JOB,
            "train.yaml:1:49: 'n' is of type int, which toInit can put in place with a connection only",
            id="a value that cannot be put in place",
        ),
        pytest.param(
            "conditions: a == 3\n" + JOB,
            'train.yaml:1:13: a condition without braces is never evaluated. Write it in braces: "{{ a == 3 }}".',
            id="a condition without braces",
        ),
        pytest.param(
            "matrix: {kind: hyperband, params: {lr: {kind: choice, value: [1]}}}\n" + JOB,
            "train.yaml:1:9: 'hyperband' cannot search without maxIterations, eta, resource, metric. Add 'maxIterations:'.",
            id="an algorithm without what it needs",
        ),
        pytest.param(
            "matrix: {kind: random, numRuns: 2, params: {lr: {kind: geomspace, value: [0, 1, 3]}}}\n" + JOB,
            "train.yaml:1:49: 'lr' needs a start and a stop on the same side of 0",
            id="a space without values",
        ),
        pytest.param(
            "run: {kind: job, container: {image: a, args: ['{{ lr }}']}}\ninputs: [{name: rl, value: 1}]\n",
            "train.yaml:1:51: 'lr' in a template is no input or param; known: rl. Did you mean 'rl'?",
            id="a template that names nothing",
        ),
        pytest.param(
            "run: {kind: job, container: {image: a, args: ['{{ globals.uid }}']}}\n",
            "Did you mean 'uuid'?",
            id="a global that is none",
        ),
        pytest.param(
            "run:\n  kind: job\n  container:\n    image: a\n    args:\n    - |\n      first\n      {{ lr }}\n",
            "train.yaml:8:10: 'lr' in a template is no input or param; known: none",
            id="a template in a text of many lines",
        ),
        pytest.param(
            "run: {kind: job, container: {image: a, args: ['{{ lr ']}}\n",
            "train.yaml:1:47: the template '{{ lr ' is not valid: ",
            id="a template that is none",
        ),
        pytest.param(
            "params: {epoch: 3}\ninputs: [{name: epochs, type: int, value: 1}]\n" + JOB,
            "train.yaml:1:10: no input is called 'epoch', so that only templates see it. Did you mean 'epochs'?",
            id="a param whose input is called nearly so",
        ),
        pytest.param(
            "run: {kind: job, container: {image: a, resources: {limts: {cpu: 1}}}}\n",
            "train.yaml:1:52: Kubernetes has no 'limts' in 'run.container.resources'; known: claims, limits, requests. "
            "Did you mean 'limits'?",
            id="a misspelt key of Kubernetes",
        ),
        pytest.param(
            "run: {kind: job, container: {image: a, args: --fast}}\n",
            "train.yaml:1:46: Kubernetes wants a list in 'run.container.args', not '--fast'. Write [--fast].",
            id="text for a list of Kubernetes",
        ),
        pytest.param(
            "kind: operation\nkind: component\n" + JOB,
            "train.yaml:2:1: 'kind' stands twice in this mapping; the last one counts. Remove one of them.",
            id="a key that stands twice",
        ),
        pytest.param(
            "presets: [gpu, gqu]\n" + JOB,
            "train.yaml:1:16: no preset is called 'gqu'; known: gpu. Did you mean 'gpu'?",
            id="an unknown preset",
        ),
        pytest.param(
            "queue: gqu\n" + JOB,
            "train.yaml:1:8: unknown queue 'gqu'; known: main/gpu. Did you mean 'gpu'?",
            id="an unknown queue",
        ),
        pytest.param(
            "queue: gpu\nmatrix: {kind: random, numRuns: 9, concurrency: 3, params: {x: {kind: choice, value: [1]}}}\n"
            + JOB,
            "train.yaml:2:49: queue 'gpu' has 2 slots, so that 3 never run at once. Write 2 or less.",
            id="more runs at once than slots",
        ),
        pytest.param(
            "connections: [dat]\n" + JOB,
            "train.yaml:1:15: unknown connection 'dat'; known: data. Did you mean 'data'?",
            id="an unknown connection",
        ),
    ],
)
def test_a_warning_is_one_line_that_says_what_to_write(tmp_path, text, expected):
    faults, _ = check(tmp_path, text, known=KNOWN)
    assert len(faults) == 1
    assert faults[0].startswith(expected) or faults[0].endswith(expected)


def test_warnings_are_found_in_the_operations_of_a_dag_and_in_the_components_that_they_share(tmp_path):
    faults, _ = check(
        tmp_path,
        "kind: component\nrun:\n  kind: dag\n  components:\n  - name: c\n"
        "    run: {kind: job, container: {image: a, args: ['{{ lr }}']}}\n  operations:\n"
        "  - {name: a, dagRef: c}\n  - {name: b, dagRef: c, conditions: x == 1}\n",
    )
    assert [fault.split(" ")[0] for fault in faults] == ["train.yaml:6:55:", "train.yaml:9:38:"]


def test_an_output_that_is_called_nearly_so_is_meant(tmp_path):
    faults, _ = check(
        tmp_path,
        "kind: component\nrun:\n  kind: dag\n  operations:\n"
        "  - name: a\n    component: {outputs: [{name: loss, type: float}], run: {kind: job, container: {image: a}}}\n"
        "  - name: b\n    params: {loss: {ref: ops.a, value: outputs.los}}\n"
        "    component: {run: {kind: job, container: {image: a, args: ['{{ loss }}']}}}\n",
    )
    assert faults == ["train.yaml:8:40: 'ops.a' declares no 'outputs.los'. Did you mean 'outputs.loss'?"]


def test_no_warning_says_again_what_an_error_says(tmp_path):
    text = 'joins: [{query: "status:succeeded", params: {losses: {value: loss}}}]\n' + JOB
    assert check(tmp_path, text)[
        1
    ].is_valid  # an undeclared param: Polyaxon takes it, and it will read nothing
    faults, result = check(tmp_path, "inputs: [{name: losses, type: float, isList: true}]\n" + text)
    assert not result.is_valid
    assert len(faults) == 1


def test_strict_makes_warnings_count(tmp_path):
    text = "conditions: a == 3\n" + JOB
    assert check(tmp_path, text)[1].is_valid
    assert not check(tmp_path, text, strict=True)[1].is_valid


def test_faults_of_all_kinds_come_together(tmp_path):
    faults, _ = check(
        tmp_path,
        "kind: component\nrum: {a: b}\ninputs: [{name: lr, type: float, value: fast}]\n"
        "schedule: {kind: cron, cron: never}\nrun: {kind: job, container: {image: a, args: ['{{ lr ']}}\n",
    )
    assert [fault.split(":")[1] for fault in faults] == ["2", "3", "4", "5"]


def test_what_follows_from_a_fault_is_not_said(tmp_path):
    faults, _ = check(tmp_path, "kind: component\nrum: {kind: job, container: {image: a}}\n")
    assert faults == ["train.yaml:2:1: unknown key 'rum' in the file. Did you mean 'run'?"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(
            "presets/gpu.yaml", "queue: gpu\nrunPatch: {environment: {nodeSelector: {a: b}}}\n", id="a preset"
        ),
        pytest.param("gpu.yaml", "isPreset: true\nqueue: gpu\n", id="a preset by its flag"),
        pytest.param(
            "components/c.yaml",
            "kind: component\ninputs: [{name: lr, type: float}]\n" + JOB,
            id="a component for others",
        ),
    ],
)
def test_parts_are_checked_as_parts(tmp_path, name, text):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert check_file(path, root=tmp_path).faults == ()


def test_a_reference_that_leads_nowhere_hides_nothing_else(tmp_path):
    faults, _ = check(
        tmp_path,
        "kind: operation\npathRef: ./none.yaml\npresets: [fsat]\nschedule: {kind: cron, cron: '@dayly'}\n"
        "termination: {timeout: -5}\n",
        known=Known(presets=["fast"]),
    )
    assert [fault.partition(": ")[0] for fault in faults] == [
        "train.yaml:2:10",
        "train.yaml:3:11",
        "train.yaml:4:30",
        "train.yaml:5:24",
    ]


OPERATION = "kind: operation\nname: a\nevents: [{kinds: [%s], ref: '%s'}]\ncomponent: {" + JOB.strip() + "}\n"


@pytest.mark.parametrize(
    ("kind", "ref", "expected"),
    [
        pytest.param(
            "alert_info",
            "runs?query=metrcs.loss:<0.1",
            "the query 'metrcs.loss:<0.1' cannot be read: unknown field 'metrcs.loss'. Did you mean 'metrics'?",
            id="a field that no run has",
        ),
        pytest.param(
            "connection_dataset_version",
            "connections.code",
            "connection 'code' is of kind git, and 'connection_dataset_version' needs host_path or volume_claim or s3 or "
            "gcs or wasb",
            id="files of a repository",
        ),
        pytest.param("alert_info", "runs?query=metrics.loss:<0.1, name:a", None, id="a query"),
        pytest.param(
            "connection_git_commit", "connections.code?branch=main", None, id="commits of a repository"
        ),
    ],
)
def test_events_that_nobody_would_ever_notice(tmp_path, kind, ref, expected):
    catalogue = read_catalogue("connections: [{name: code, kind: git, schema: {url: /code}}]")
    faults, result = check(
        tmp_path, OPERATION % (kind, ref), known=Known(connections=catalogue, query=query_errors)
    )
    assert [fault.partition(": ")[2] for fault in faults] == ([] if expected is None else [expected])
    assert result.is_valid


def test_what_is_known_of_an_event_may_be_read_in_any_template(tmp_path):
    args = "container: {image: a, args: ['{{ globals.event.branch }}', '{{ globals.events | length }}']}"
    event = "kind: operation\nevents: [{kinds: [project_custom_event], ref: events.new}]\n"
    faults, _ = check(tmp_path, event + "component: {run: {kind: job, " + args + "}}\n")
    assert faults == []
