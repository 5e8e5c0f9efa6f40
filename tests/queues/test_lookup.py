"""Which queue an operation goes to (Polyaxon's docs, "Queue routing" and "Queues"), and who may use it."""

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.queues.lookup import Requester
from polyaxon_airflow.queues.reading import read_queues

QUEUES = read_queues(
    """
agents:
  - name: east
    queues:
      - {name: cpu}
      - {name: gpu, allow: {projects: [vision], owners: [ann], teams: [ops]}}
      - {name: build}
  - name: west
    defaultQueue: spot
    queues: [{name: gpu}, {name: spot}]
default: {queue: east/cpu, presets: [base]}
allow: {presets: [base, small, big, night]}
teams: {ops: [bob]}
projects:
  vision: {default: {queue: west/spot, presets: [big, base]}, allow: {queues: [spot, east/gpu]}}
folders:
  jobs: {default: {presets: [small]}}
  jobs/night: {default: {queue: build, presets: [night]}, allow: {presets: [night, base]}}
"""
)


@pytest.mark.parametrize(
    ("names", "requester", "place"),
    [
        pytest.param(
            ["build", "cpu"], Requester(), "east/build", id="the operation's queue before the component's"
        ),
        pytest.param(
            [None, "cpu"], Requester(), "east/cpu", id="the component's where the operation names none"
        ),
        pytest.param(["west/gpu"], Requester(), "west/gpu", id="an agent's queue"),
        pytest.param(["west.gpu"], Requester(), "west/gpu", id="with a point, as the CLI takes it too"),
        pytest.param([None], Requester(), "east/cpu", id="the default of all"),
        pytest.param([None], Requester("vision"), "west/spot", id="the default of the project"),
        pytest.param(
            [None], Requester("vision", folder="jobs/a"), "west/spot", id="a folder without a default"
        ),
        pytest.param(
            [None], Requester(folder="jobs/night/x"), "east/build", id="the default of a folder above"
        ),
        pytest.param(["east/gpu"], Requester("vision"), "east/gpu", id="a queue for the project"),
        pytest.param(["east/gpu"], Requester("nlp", "ann"), "east/gpu", id="a queue for the owner"),
        pytest.param(["east/gpu"], Requester("nlp", "bob"), "east/gpu", id="a queue for the owner's team"),
    ],
)
def test_place(names, requester, place):
    assert QUEUES.place_of(*names, requester=requester).name == place


@pytest.mark.parametrize(
    ("name", "requester", "message"),
    [
        pytest.param(
            "gpus",
            Requester(),
            "unknown queue 'gpus'; known: east/cpu, east/gpu, east/build, west/gpu, west/spot. Did you mean 'gpu'?",
            id="no such queue",
        ),
        pytest.param(
            "gpu",
            Requester(),
            "queue 'gpu' is one of several agents. Write 'east/gpu' or 'west/gpu'.",
            id="two",
        ),
        pytest.param(
            "a/b/c",
            Requester(),
            "'a/b/c' is not the name of a queue. Write 'queue' or 'agent/queue'.",
            id="three parts",
        ),
        pytest.param(
            "east/gpu",
            Requester("nlp", "eve"),
            "queue 'east/gpu' is not for project 'nlp' and owner 'eve'; it is for projects vision, owners ann, "
            "teams ops. Use one of: east/cpu, east/build, west/gpu, west/spot.",
            id="a queue for others",
        ),
        pytest.param(
            "cpu",
            Requester("vision"),
            "queue 'east/cpu' is not for project 'vision'. Use one of: east/gpu, west/spot.",
            id="a queue that the project's list has not",
        ),
    ],
)
def test_refusal(name, requester, message):
    with pytest.raises(CompilationError) as raised:
        QUEUES.place_of(name, requester=requester)
    assert [str(fault) for fault in raised.value.faults] == [message]
    assert raised.value.faults[0].path == ("queue",)


def test_without_any_default_it_is_the_first_agents_first_queue():
    assert read_queues("agents: [{name: a, queues: [{name: x}, {name: y}]}]").place_of().name == "a/x"


def test_without_any_default_it_is_the_first_agents_default():
    text = "agents: [{name: a, defaultQueue: y, queues: [{name: x}, {name: y}]}]"
    assert read_queues(text).place_of().name == "a/y"


def test_pools_have_points_instead_of_slashes():
    assert QUEUES.find("west/spot").pool == "west.spot"


@pytest.mark.parametrize(
    ("requester", "presets"),
    [
        pytest.param(Requester(), ("base",), id="of all"),
        pytest.param(Requester("vision"), ("base", "big"), id="of all, then of the project, each once"),
        pytest.param(
            Requester("vision", folder="jobs/night"),
            ("base", "big", "small", "night"),
            id="outer folder first",
        ),
    ],
)
def test_default_presets(requester, presets):
    assert QUEUES.default_presets(requester) == presets


def test_a_preset_that_a_folder_does_not_allow_is_refused():
    QUEUES.check_presets(["big"], Requester("vision"))
    with pytest.raises(CompilationError, match="preset 'big' is not allowed here; allowed: night, base"):
        QUEUES.check_presets(["big"], Requester("vision", folder="jobs/night"))


@pytest.mark.parametrize(
    ("folder", "project"),
    [
        pytest.param("eyes", "vision", id="a folder of the project"),
        pytest.param("eyes/left", "vision", id="a folder in it"),
        pytest.param("eyes/labels/x", "data", id="the innermost folder counts"),
        pytest.param("ears", None, id="a folder of nobody"),
        pytest.param("", None, id="the dags folder itself"),
    ],
)
def test_project_of_a_folder(folder, project):
    text = "projects: {vision: {folders: [eyes]}, data: {folders: [eyes/labels]}}"
    assert read_queues("agents: [{name: a, queues: [{name: x}]}]\n" + text).project_of(folder) == project


WEIGHTS = read_queues(
    "agents: [{name: a, queues: [{name: x, weight: 4}]}]\nfairness: {by: owner, weights: {ann: 2, 'team-*': 3}}"
)


@pytest.mark.parametrize(
    ("path", "weight"),
    [
        pytest.param(("a.x",), 4, id="of a queue"),
        pytest.param(("a.x", "ann"), 2, id="of an owner"),
        pytest.param(("a.x", "team-blue"), 3, id="of a pattern"),
        pytest.param(("a.x", "bob"), 1, id="of others"),
        pytest.param(("a.x", "ann", ("dag", "run", "")), 1, id="of a sweep of an owner"),
        pytest.param(("a.x", ("ann", "run", "trial")), 2, id="of a DAG's sweeps"),
    ],
)
def test_weight(path, weight):
    assert WEIGHTS.weight(path) == weight
