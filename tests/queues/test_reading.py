"""Faults of a queues file: their places and their sentences."""

import pytest

from polyaxon_airflow.errors import PolyaxonfileError
from polyaxon_airflow.queues.reading import read_queues

AGENT = "agents: [{name: lab, queues: [{name: gpu, concurrency: 8}, {name: cpu}]}]\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "agents: [{name: lab, queues: [{name: gpu, concurency: 8}]}]",
            "q.yaml:1:43: unknown key 'concurency' in 'agents[0].queues[0]'; known: allow, borrow, concurrency, "
            "description, fairness, maxWait, name, parent, priority, quota, tags, weight. "
            "Did you mean 'concurrency'?",
            id="a key that is misspelt",
        ),
        pytest.param(
            "agents: [{name: lab, queues: [{name: gpu, concurrency: 0}]}]",
            "q.yaml:1:56: concurrency is at least 1, or -1 for no limit; a queue of 0 would never run anything",
            id="a queue without slots",
        ),
        pytest.param(
            "agents: [{name: lab, queues: [{name: gpu, quota: {memory: 5GB}}]}]",
            "q.yaml:1:59: '5GB' is not a quantity such as 2, 500m or 5Gi",
            id="a quota that is no quantity",
        ),
        pytest.param(
            "agents: [{name: lab, queues: [{name: gpu}, {name: gpu}]}]",
            "q.yaml:1:51: 'gpu' stands 2 times in 'agents[0].queues'. Names must differ.",
            id="a name that stands twice",
        ),
        pytest.param(
            AGENT + "default: {queue: gpus}",
            "q.yaml:2:18: unknown queue 'gpus'; known: lab/gpu, lab/cpu. Did you mean 'gpu'?",
            id="a default that is no queue",
        ),
        pytest.param(
            AGENT + "projects: {vision: {allow: {queues: [gpu, lab/tpu]}}}",
            "q.yaml:2:43: unknown queue 'lab/tpu'; known: lab/gpu, lab/cpu. Did you mean 'lab/gpu'?",
            id="an allow-list that names no queue",
        ),
        pytest.param(
            "agents: [{name: lab, queues: [{name: gpu, allow: {teams: [ops]}}]}]\nteams: {dev: [ann]}",
            "q.yaml:1:58: unknown team 'ops'; known: dev",
            id="a team that has no members",
        ),
        pytest.param(
            "agents: [{name: lab, defaultQueue: cpus, queues: [{name: cpu}]}]",
            "q.yaml:1:36: unknown queue 'cpus'; known: cpu. Did you mean 'cpu'?",
            id="an agent's default that it has not",
        ),
        pytest.param(
            "agents: [{name: lab, queues: [{name: a, concurrency: 1, borrow: 2}]}]",
            "q.yaml:1:65: queue 'a' has nobody to borrow from. Name its parent, a queue of the same agent.",
            id="borrowing without a parent",
        ),
        pytest.param(
            "agents: [{name: lab, queues: [{name: a, parent: b}, {name: b, concurrency: 2}]}]",
            "q.yaml:1:49: queue 'a' has no limit, so there is nothing to lend. Give both a concurrency.",
            id="borrowing without a limit",
        ),
        pytest.param(
            "agents: [{name: l, queues: [{name: a, concurrency: 1, parent: b}, {name: b, concurrency: 1, parent: a}]}]",
            "q.yaml:1:63: 'b' cannot be a parent: it has one itself",
            id="parents in a circle",
        ),
        pytest.param(
            "agents: [{name: l, queues: [{name: a, concurrency: 1, quota: {gpu: 2}, parent: b},"
            " {name: b, concurrency: 8, quota: {gpu: 8}}]}]",
            "q.yaml:1:80: a slot of 'a' is not worth a slot of 'b'. Give both the same quota for each run.",
            id="slots of different worth",
        ),
        pytest.param("agents: []", "q.yaml:1:9: name at least one", id="empty"),
    ],
)
def test_fault(text, fault):
    with pytest.raises(PolyaxonfileError) as raised:
        read_queues(text, file="q.yaml")
    assert fault in [str(each) for each in raised.value.faults]


def test_all_faults_come_at_once():
    text = AGENT + "default: {queue: a}\nprojects: {vision: {default: {queue: b}}}"
    with pytest.raises(PolyaxonfileError) as raised:
        read_queues(text, file="q.yaml")
    assert [fault.line for fault in raised.value.faults] == [2, 3]


def test_a_file_can_be_read_from_disk(tmp_path):
    path = tmp_path / "queues.yaml"
    path.write_text(AGENT)
    assert read_queues(path).names() == ["lab/gpu", "lab/cpu"]
