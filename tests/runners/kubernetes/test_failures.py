"""What can go wrong between a run and its end: each ends in the right state, with the reason, and never twice."""

import re
import threading
import time
from dataclasses import replace
from uuid import uuid4

import pytest
from kubernetes import client, config

from polyaxon_airflow.errors import PermanentRunnerError, TemporaryRunnerError
from polyaxon_airflow.runners.base import Outcome, RunIdentity
from polyaxon_airflow.runners.kubernetes.following import Patience
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from polyaxon_airflow.runners.kubernetes.submitting import EXPIRES
from tests.contracts.runner import Followed, container, pod
from tests.kube.cluster import Cluster
from tests.kube.fixtures import connector
from tests.kube.server import Fault

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def runner(cluster):
    return runner_of(cluster)


def runner_of(cluster, **patience):
    return KubernetesRunner(connector(cluster.kubeconfig), "default", grace=1, patience=Patience(**patience))


@pytest.fixture
def core(cluster):
    configuration = client.Configuration()
    config.load_kube_config(cluster.kubeconfig, client_configuration=configuration)
    return client.CoreV1Api(client.ApiClient(configuration))


def pods_of(core):
    return core.list_namespaced_pod("default").items


def creations(cluster):
    return [path for method, path, _ in cluster.requests if (method, path) == ("POST", PODS)]


def meanwhile(action):
    """Do something on another thread."""
    return lambda: threading.Thread(target=action).start()


def in_cluster(cluster, function, *args, **kwargs):
    return lambda: cluster.call(function, *args, **kwargs)


SLOW = "for i in 1 2 3 4 5 6; do echo line $i; sleep 0.3; done"
LINES = [f"line {i}" for i in range(1, 7)]


def test_dropped_connections_lose_no_line_and_double_none(cluster, runner):
    def drop():
        for _ in range(4):
            cluster.call(cluster.server.break_streams)
            time.sleep(0.4)

    followed = Followed(runner, pod(container(SLOW)), at_line=meanwhile(drop))
    assert followed.outcome == Outcome("succeeded", 0)
    assert followed.text() == LINES


BUSY = [
    pytest.param([Fault("POST", "/pods$", 503)], id="503 on create"),
    pytest.param([Fault("POST", "/pods$", 429, headers={"Retry-After": "1"})], id="429 on create"),
    pytest.param([Fault("POST", "/pods$", 409, reason="Conflict")], id="409 on create"),
    pytest.param([Fault("GET", "/pods/plx-operation-[^/]*$", 500, times=3)], id="500 on read"),
    pytest.param([Fault("GET", "/default/pods$", 410, reason="Expired")], id="410 on watch"),
    pytest.param([Fault("GET", "/log$", 502, times=2)], id="502 on logs"),
]


@pytest.mark.parametrize("faults", BUSY)
def test_a_busy_server_is_asked_again(cluster, runner, faults):
    cluster.server.faults.extend(faults)
    lines = []

    def all_seen():
        return "all seen" if lines and not any(fault.times for fault in faults) else None

    handle = runner.submit(pod(container("echo x; sleep 600")), RunIdentity(uuid4().hex, "t", "a", "p"))
    outcome = runner.follow(handle, on_lines=lines.extend, should_stop=all_seen, interval=0.1)
    assert (outcome.status, outcome.reason) == ("stopped", "all seen")
    assert [line.text for line in lines] == ["x"]


def test_a_create_that_went_through_though_it_failed_is_found(cluster, runner, core):
    """The answer to the first attempt is lost; the second is told that the name is taken."""
    run = RunIdentity(uuid4().hex, "test", "acme", "proj")
    first = runner.submit(pod(container("sleep 0.5")), run)
    cluster.server.faults.append(Fault("GET", f"/{first['name']}$", 404, reason="NotFound"))
    assert runner.submit(pod(container("sleep 0.5")), run) == first
    assert len(creations(cluster)) == 2
    assert len(pods_of(core)) == 1


def test_two_submitters_at_once_get_one_pod(cluster, runner, core):
    run = RunIdentity(uuid4().hex, "test", "acme", "proj")
    handles = []
    threads = [
        threading.Thread(target=lambda: handles.append(runner.submit(pod(container("sleep 1")), run)))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(handles) == 5
    assert len({handle["uid"] for handle in handles}) == 1
    assert len(pods_of(core)) == 1


REFUSED = [
    pytest.param(
        Fault(
            "POST",
            "/pods$",
            403,
            reason="Forbidden",
            message="pods is forbidden: cannot create resource pods",
        ),
        PermanentRunnerError,
        "cannot create resource pods.*docs/kubernetes.md",
        id="a role that lacks a verb",
    ),
    pytest.param(
        Fault(
            "POST",
            "/pods$",
            403,
            reason="Forbidden",
            message='"p" is forbidden: exceeded quota: team, used: pods=9',
        ),
        TemporaryRunnerError,
        "exceeded quota: team",
        id="a quota that is used up",
    ),
    pytest.param(
        Fault("GET", "/pods/", 401, times=9, reason="Unauthorized", message="Unauthorized"),
        PermanentRunnerError,
        "Check the credentials",
        id="credentials that nobody knows",
    ),
]


@pytest.mark.parametrize(("fault", "kind", "sentence"), REFUSED)
def test_a_refusal_says_what_to_do(cluster, runner, fault, kind, sentence):
    cluster.server.faults.append(fault)
    with pytest.raises(kind, match=sentence):
        Followed(runner, pod(container("echo x")))


def test_a_pod_that_kubernetes_does_not_take_is_refused_in_its_words(runner):
    manifest = pod(container("echo x", volumeMounts=[{"name": "nope", "mountPath": "/x"}]))
    with pytest.raises(PermanentRunnerError, match=r'volumeMounts\[0\].name: Not found: "nope"'):
        Followed(runner, manifest)


def test_expired_credentials_are_renewed(cluster, runner):
    cluster.server.faults.append(Fault("GET", "/pods/", 401, reason="Unauthorized"))
    assert Followed(runner, pod(container("echo x"))).outcome == Outcome("succeeded", 0)


GRACELESS = {"gracePeriodSeconds": 0}


def delete(core, **options):
    return lambda: core.delete_collection_namespaced_pod("default", body=client.V1DeleteOptions(**options))


@pytest.mark.parametrize(
    ("grace", "outcome"),
    [
        pytest.param(
            0,
            ("failed", "vanished without an exit code|ended with exit code 137: its pod was deleted"),
            id="at once",
        ),
        pytest.param(5, ("failed", "ended with exit code 0: its pod was deleted"), id="with a grace period"),
    ],
)
def test_a_pod_deleted_by_somebody_else_is_no_success(cluster, runner, core, grace, outcome):
    script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    followed = Followed(runner, pod(container(script)), at_line=delete(core, grace_period_seconds=grace))
    status, reason = outcome
    assert followed.outcome.status == status
    assert re.search(reason, followed.outcome.reason)


def test_an_evicted_pod_says_so(cluster, runner, core):
    def evict():
        cluster.call(cluster.kubelet.evict, pods_of(core)[0].metadata.name)

    followed = Followed(runner, pod(container("echo up; sleep 60")), at_line=evict)
    assert followed.outcome.status == "failed"
    assert "Evicted: The node was low on resource" in followed.outcome.reason
    assert followed.text() == ["up"]


def test_a_preempted_pod_says_so(cluster, runner, core):
    def preempt():
        cluster.call(cluster.kubelet.preempt, pods_of(core)[0].metadata.name)

    script = "trap 'exit 143' TERM; echo up; while :; do sleep 0.1; done"
    followed = Followed(runner, pod(container(script)), at_line=preempt)
    assert followed.outcome == Outcome(
        "failed",
        143,
        "the main container was ended with exit code 143: PreemptionByScheduler: "
        "default-scheduler: preempting to accommodate a higher priority pod",
        disrupted=True,
    )


@pytest.mark.parametrize("name", ["polyaxon-main", "prepare"])
def test_an_image_that_cannot_be_pulled_ends_the_run(cluster, name):
    bad = {**container("true", name), "image": "registry.invalid/no-such-image:1"}
    manifest = pod(bad) if name == "polyaxon-main" else pod(container("echo x"), init=[bad])
    followed = Followed(runner_of(cluster, start=1.0), manifest)
    assert followed.outcome.status == "failed"
    assert (
        f"container '{name}' cannot pull image 'registry.invalid/no-such-image:1'" in followed.outcome.reason
    )
    assert followed.seconds < 10


def test_a_missing_secret_ends_the_run(cluster):
    secret = {"name": "X", "valueFrom": {"secretKeyRef": {"name": "nope", "key": "x"}}}
    followed = Followed(runner_of(cluster, start=1.0), pod(container("echo x", env=[secret])))
    assert followed.outcome.status == "failed"
    assert 'CreateContainerConfigError): secret "nope" not found' in followed.outcome.reason


def test_a_deadline_ends_the_run(cluster, runner):
    manifest = pod(container("echo up; sleep 60"))
    manifest["pod"]["spec"] |= {"activeDeadlineSeconds": 1, "terminationGracePeriodSeconds": 1}
    followed = Followed(runner, manifest)
    assert followed.outcome.status == "failed"
    assert "DeadlineExceeded" in followed.outcome.reason


def test_a_restarted_container_goes_on_in_the_same_run(runner):
    mount = [{"name": "d", "mountPath": "/d"}]
    script = "echo try; test -f /d/f || { touch /d/f; exit 1; }"
    manifest = pod(container(script, volumeMounts=mount), volumes=[{"name": "d", "emptyDir": {}}])
    manifest["pod"]["spec"]["restartPolicy"] = "OnFailure"
    followed = Followed(runner, manifest)
    assert followed.outcome == Outcome("succeeded", 0)
    assert followed.text() == ["try", "try"]


def test_the_last_lines_of_a_slow_kubelet_arrive():
    with Cluster(kubelet={"lag": 0.8}) as cluster:
        followed = Followed(runner_of(cluster), pod(container("echo one; echo two")))
    assert followed.outcome == Outcome("succeeded", 0)
    assert followed.text() == ["one", "two"]


def test_an_api_server_that_stays_away_leaves_the_run_to_the_next_attempt(cluster, core):
    run = RunIdentity(uuid4().hex, "test", "acme", "proj")
    manifest = pod(container("echo one; sleep 3; echo two"))
    runner = replace(runner_of(cluster, server=1.0), delays=(0.5,))
    handle = runner.submit(manifest, run)
    away = Fault("GET", "/pods", 503, times=1000)

    def leave():
        cluster.server.faults.append(away)
        cluster.call(cluster.server.break_streams)

    with pytest.raises(TemporaryRunnerError, match="503"):
        runner.follow(handle, on_lines=lambda _: leave(), should_stop=lambda: None)
    away.times = 0
    again = Followed(runner, manifest, uuid=run.uuid)
    assert again.handle == handle
    assert again.text() == ["one", "two"]
    assert again.outcome == Outcome("succeeded", 0)


def test_a_run_that_ended_unnoticed_keeps_its_outcome(cluster, runner, core):
    run = RunIdentity(uuid4().hex, "test", "acme", "proj")
    runner.submit(pod(container("echo first; exit 3")), run)
    while pods_of(core)[0].status.phase != "Failed":
        time.sleep(0.05)
    followed = Followed(runner, pod(container("echo second")), uuid=run.uuid)
    assert followed.text() == ["first"]
    assert followed.outcome.exit_code == 3
    assert len(creations(cluster)) == 1


def test_a_run_that_is_being_deleted_is_waited_for(cluster, runner, core):
    run = RunIdentity(uuid4().hex, "test", "acme", "proj")
    first = runner.submit(pod(container("trap 'sleep 1.5; exit 1' TERM; while :; do sleep 0.1; done")), run)
    time.sleep(1)  # its first process ignores SIGTERM until the shell has set its trap
    core.delete_namespaced_pod(first["name"], "default", grace_period_seconds=10)
    followed = Followed(runner, pod(container("echo again")), uuid=run.uuid)
    assert followed.handle["uid"] != first["uid"]
    assert followed.text() == ["again"]
    assert len(pods_of(core)) == 1


def test_a_kept_pod_is_removed_when_its_time_has_come_and_another_one_is_kept(cluster, runner, core):
    first = Followed(runner, pod(container("echo x")))
    runner.clean(first.handle, keep=3600)
    second = Followed(runner, pod(container("echo y"))).handle
    runner.clean(second, keep=3600)
    runner.clean(second)
    assert [found.metadata.name for found in pods_of(core)] == [first.handle["name"]]
    an_hour_later = {"metadata": {"annotations": {EXPIRES: str(int(time.time()))}}}
    core.patch_namespaced_pod(first.handle["name"], "default", an_hour_later)
    third = Followed(runner, pod(container("echo z"))).handle
    runner.clean(third, keep=3600)
    assert [found.metadata.name for found in pods_of(core)] == [third["name"]]


def test_a_kept_pod_makes_room_for_the_next_attempt(cluster, runner, core):
    first = Followed(runner, pod(container("exit 1")))
    runner.clean(first.handle, keep=3600)
    second = Followed(runner, pod(container("echo second")), uuid=first.run.uuid)
    assert second.text() == ["second"]


def test_companions_live_and_go_with_the_pod(cluster, runner, core):
    manifest = pod(container("sleep 60"))
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"ports": [{"port": 80}]},
    }
    handle = runner.submit({**manifest, "companions": [service]}, RunIdentity(uuid4().hex, "t", "a", "p"))
    assert core.read_namespaced_service("web", "default").metadata.owner_references[0].uid == handle["uid"]
    runner.stop(handle, grace=0)
    assert core.list_namespaced_service("default").items == []


def test_waiting_without_a_node_is_said_once(cluster):
    cluster.kubelet.schedules = False
    runner = runner_of(cluster)
    handle = runner.submit(pod(container("echo x")), RunIdentity(uuid4().hex, "t", "a", "p"))
    unschedulable = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes",
    }
    key = cluster.call(
        lambda: next(key for key in cluster.server.objects._objects if key.name == handle["name"])
    )
    found = cluster.call(cluster.server.objects.get, key)
    cluster.call(
        cluster.server.objects.update,
        key,
        {**found, "status": {"phase": "Pending", "conditions": [unschedulable]}},
        status=True,
    )
    asked = iter([None, None, None, "no room"])
    outcome = runner.follow(handle, on_lines=lambda _: None, should_stop=lambda: next(asked), interval=0.2)
    assert outcome == Outcome("stopped", None, "no room")
