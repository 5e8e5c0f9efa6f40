"""Queues and presets that a polyaxonfile cannot have."""

import pytest

from polyaxon_airflow.polyaxonfile.reading import read
from polyaxon_airflow.queues.checking import queue_faults
from polyaxon_airflow.queues.lookup import Requester
from polyaxon_airflow.queues.reading import read_queues

QUEUES = read_queues(
    "agents: [{name: lab, queues: [{name: cpu}, {name: gpu, allow: {projects: [vision]}}]}]\nallow: {presets: [small]}"
)
RUN = "run: {kind: job, container: {image: busybox}}"
UNKNOWN = "unknown queue 'nightly'; known: lab/cpu, lab/gpu"


def faults(text, project="nlp"):
    reading = read(text, file="a.yaml")
    return [
        str(fault) for fault in queue_faults(reading.operation, reading.sources, QUEUES, Requester(project))
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            f"kind: component\nqueue: nightly\n{RUN}", f"a.yaml:2:8: {UNKNOWN}", id="of a component"
        ),
        pytest.param(
            f"kind: operation\nqueue: nightly\ncomponent: {{{RUN}}}",
            f"a.yaml:2:8: {UNKNOWN}",
            id="of an operation",
        ),
        pytest.param(
            f"kind: operation\ncomponent: {{queue: nightly, {RUN}}}",
            f"a.yaml:2:20: {UNKNOWN}",
            id="of its component",
        ),
        pytest.param(
            f"kind: component\nrun:\n  kind: dag\n  operations:\n  - {{name: a, queue: nightly, component: {{{RUN}}}}}",
            f"a.yaml:5:22: {UNKNOWN}",
            id="of a node of a dag",
        ),
        pytest.param(
            f"kind: component\nhooks: [{{hubRef: slack, queue: nightly}}]\n{RUN}",
            f"a.yaml:2:32: {UNKNOWN}",
            id="of a hook",
        ),
        pytest.param(
            f"kind: component\nbuild: {{hubRef: kaniko, queue: nightly}}\n{RUN}",
            f"a.yaml:2:32: {UNKNOWN}",
            id="of a build",
        ),
        pytest.param(
            f"kind: component\nqueue: gpu\n{RUN}",
            "a.yaml:2:8: queue 'lab/gpu' is not for project 'nlp'; it is for projects vision. Use one of: lab/cpu.",
            id="for another project",
        ),
        pytest.param(
            f"kind: operation\npresets: [small, big]\ncomponent: {{{RUN}}}",
            "a.yaml:2:18: preset 'big' is not allowed here; allowed: small",
            id="a preset that nobody may name",
        ),
    ],
)
def test_fault(text, fault):
    assert faults(text) == [fault]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"kind: component\nqueue: lab/cpu\npresets: [small]\n{RUN}", id="what it may have"),
        pytest.param(f"kind: component\n{RUN}", id="nothing named"),
        pytest.param(f"kind: component\nqueue: '{{{{ queue }}}}'\n{RUN}", id="a template"),
    ],
)
def test_no_fault(text):
    assert faults(text) == []


def test_a_queue_for_the_project_is_none():
    assert faults(f"kind: component\nqueue: gpu\n{RUN}", "vision") == []
