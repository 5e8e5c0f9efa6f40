"""What the emulated cluster says, a real one says too: `POLYAXON_TEST_CLUSTER=real` runs this against KUBECONFIG."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from kubernetes import client, watch
from kubernetes.client import ApiException

from tests.kube.fixtures import IMAGE
from tests.kube.resources import custom_resource_definition

LOOP = "while true; do sleep 0.1; done"


def container(name, script, **fields):
    return {"name": name, "image": IMAGE, "command": ["sh", "-c", script], **fields}


def pod(name, script=None, *, containers=None, **spec):
    containers = containers or [container("main", script)]
    spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": containers, **spec}
    return {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


class Pods:
    """Pods of one namespace, by name."""

    def __init__(self, core, namespace):
        self.core = core
        self.namespace = namespace

    def create(self, body):
        return self.core.create_namespaced_pod(self.namespace, body)

    def read(self, name):
        return self.core.read_namespaced_pod(name, self.namespace)

    def wait(self, name, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.read(name)
            if condition(found):
                return found
            time.sleep(0.05)
        pytest.fail(f"pod {name} is still {found.status}")

    def run(self, body):
        self.create(body)
        return self.wait(body["metadata"]["name"], is_over)

    def log(self, name, **options):
        stream = self.core.read_namespaced_pod_log(name, self.namespace, _preload_content=False, **options)
        return stream.data.decode()

    def is_gone(self, name):
        with suppress(ApiException):
            self.read(name)
            return False
        return True


@pytest.fixture
def pods(core, namespace):
    return Pods(core, namespace.name)


def is_over(found):
    return found.status.phase in {"Succeeded", "Failed"}


def is_running(found):
    return found.status.phase == "Running"


def state(found, name):
    statuses = (found.status.container_statuses or []) + (found.status.init_container_statuses or [])
    return next((status.state for status in statuses if status.name == name), client.V1ContainerState())


def waits_for(found, name):
    return getattr(state(found, name).waiting, "reason", None)


def test_a_pod_ends_with_its_logs_exit_code_and_message(pods):
    found = pods.run(pod("p", "echo hello; echo err >&2; echo bye > /dev/termination-log; exit 7"))
    ended = state(found, "main").terminated
    assert found.status.phase == "Failed"
    assert (ended.exit_code, ended.reason, ended.message) == (7, "Error", "bye\n")
    assert sorted(pods.log("p").split()) == ["err", "hello"]
    assert pods.log("p", timestamps=True, tail_lines=1)[:2] == "20"


def test_inputs_reach_the_containers(core, pods):
    core.create_namespaced_config_map(
        pods.namespace, {"metadata": {"name": "cm"}, "data": {"K": "map", "f": "file"}}
    )
    core.create_namespaced_secret(pods.namespace, {"metadata": {"name": "s"}, "stringData": {"S": "secret"}})
    context = {"name": "context", "mountPath": "/context"}
    variables = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "x$(A)"},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "S"}}},
    ]
    mounts = [
        context,
        {"name": "cm", "mountPath": "/cm"},
        {"name": "context", "mountPath": "/ro", "readOnly": True},
    ]
    script = "cat /context/out /cm/f; echo; echo $A-$B-$NAME-$APP-$S-$K; pwd; touch /ro/x 2>/dev/null || echo read-only"
    main = container("main", script, env=variables, volumeMounts=mounts, workingDir="/work")
    main["envFrom"] = [{"configMapRef": {"name": "cm"}}]
    inits = [
        container("one", "sleep 1; echo one >> /context/out", volumeMounts=[context]),
        container("two", "echo two >> /context/out", volumeMounts=[context]),
    ]
    volumes = [{"name": "context", "emptyDir": {}}, {"name": "cm", "configMap": {"name": "cm"}}]
    pods.create(pod("p", containers=[main], initContainers=inits, volumes=volumes))
    found = pods.wait("p", lambda found: state(found, "one").running)
    assert (found.status.phase, waits_for(found, "main")) == ("Pending", "PodInitializing")
    pods.wait("p", is_over)
    assert pods.log("p").split() == ["one", "two", "file", "1-x1-p-p-secret-map", "/work", "read-only"]


def test_a_failed_init_container_fails_the_pod(pods):
    found = pods.run(pod("p", "echo never", initContainers=[container("init", "exit 3")]))
    assert found.status.phase == "Failed"
    assert state(found, "init").terminated.exit_code == 3
    assert waits_for(found, "main") == "PodInitializing"


def test_an_image_that_cannot_be_pulled_leaves_the_pod_pending(pods):
    body = pod("p", "true")
    body["spec"]["containers"][0]["image"] = "registry.invalid/no-such-image:1"
    pods.create(body)
    found = pods.wait("p", lambda found: waits_for(found, "main") in {"ErrImagePull", "ImagePullBackOff"})
    assert found.status.phase == "Pending"
    with pytest.raises(ApiException) as refused:
        pods.log("p")
    assert refused.value.status == 400


def test_a_missing_secret_is_a_config_error(pods):
    variable = {"name": "X", "valueFrom": {"secretKeyRef": {"name": "nope", "key": "x"}}}
    pods.create(pod("p", containers=[container("main", "true", env=[variable])]))
    found = pods.wait("p", lambda found: waits_for(found, "main") == "CreateContainerConfigError")
    assert "not found" in state(found, "main").waiting.message


def test_an_ordinary_sidecar_keeps_the_pod_running(pods):
    pods.create(pod("p", containers=[container("main", "echo x"), container("side", LOOP)]))
    pods.wait("p", lambda found: state(found, "main").terminated)
    time.sleep(0.5)
    assert pods.read("p").status.phase == "Running"


def test_a_native_sidecar_ends_after_the_main_container(core, pods):
    if int(client.VersionApi(core.api_client).get_code().minor.rstrip("+")) < 29:
        pytest.skip("sidecar containers need Kubernetes 1.29")
    sidecar = container("side", f"trap 'echo bye; exit 0' TERM; echo up; {LOOP}", restartPolicy="Always")
    found = pods.run(pod("p", "sleep 0.5", initContainers=[sidecar]))
    assert found.status.phase == "Succeeded"
    assert pods.log("p", container="side").split() == ["up", "bye"]


def test_logs_are_followed_live(pods):
    pods.create(pod("p", "for i in 1 2 3 4; do echo line $i; sleep 0.4; done"))
    pods.wait("p", is_running)
    stream = pods.core.read_namespaced_pod_log("p", pods.namespace, follow=True, _preload_content=False)
    seen = [(line.decode().strip(), time.monotonic()) for line in stream]
    assert [line for line, _ in seen] == ["line 1", "line 2", "line 3", "line 4"]
    assert seen[-1][1] - seen[0][1] > 0.5


def test_logs_can_be_read_from_a_time_on(pods):
    pods.run(pod("p", "echo one; sleep 1.2; echo two"))
    _, second = pods.log("p", timestamps=True).splitlines()
    query = {
        "sinceTime": second.split()[0],
        "timestamps": "true",
    }  # the official client knows whole seconds only
    path = f"/api/v1/namespaces/{pods.namespace}/pods/p/log"
    answer = pods.core.api_client.call_api(path, "GET", query_params=query, _preload_content=False)
    assert answer.data.decode() == f"{second}\n"


@pytest.mark.parametrize(
    ("on_term", "grace", "at_least", "at_most"),
    [
        pytest.param("trap 'exit 0' TERM", 20, 0, 15, id="a container that ends on SIGTERM"),
        pytest.param("trap '' TERM", 2, 1.9, 18, id="one that ignores it is killed after the grace period"),
    ],
)
def test_deleting_a_running_pod(pods, on_term, grace, at_least, at_most):
    pods.create(pod("p", f"{on_term}; echo up; {LOOP}"))
    pods.wait("p", is_running)
    while "up" not in pods.log("p"):
        time.sleep(0.05)
    start = time.monotonic()
    pods.core.delete_namespaced_pod("p", pods.namespace, grace_period_seconds=grace)
    assert pods.is_gone("p") or pods.read("p").metadata.deletion_timestamp
    while not pods.is_gone("p"):
        time.sleep(0.05)
    assert at_least < time.monotonic() - start < at_most


def test_a_failed_container_restarts_where_its_policy_says_so(pods):
    mounts = [{"name": "d", "mountPath": "/d"}]
    main = container("main", "echo try; test -f /d/f || { touch /d/f; exit 1; }", volumeMounts=mounts)
    found = pods.run(
        pod("p", containers=[main], volumes=[{"name": "d", "emptyDir": {}}], restartPolicy="OnFailure")
    )
    status = found.status.container_statuses[0]
    assert found.status.phase == "Succeeded"
    assert (status.restart_count, status.last_state.terminated.exit_code) == (1, 1)


def test_a_pod_ends_at_its_deadline(pods):
    found = pods.run(pod("p", "sleep 60", activeDeadlineSeconds=1, terminationGracePeriodSeconds=1))
    assert (found.status.phase, found.status.reason) == ("Failed", "DeadlineExceeded")


def test_a_watch_sees_what_its_selector_selects(core, pods):
    version = core.list_namespaced_pod(pods.namespace).metadata.resource_version
    pods.create(pod("a", "true"))
    pods.create(pod("b", "true"))
    seen = []
    stream = watch.Watch().stream(
        core.list_namespaced_pod,
        pods.namespace,
        resource_version=version,
        label_selector="app=a",
        timeout_seconds=30,
    )
    for change in stream:
        seen.append((change["type"], change["object"].metadata.name, change["object"].status.phase))
        if seen[-1] == ("MODIFIED", "a", "Succeeded"):
            break
    assert seen[0] == ("ADDED", "a", "Pending")
    assert {name for _, name, _ in seen} == {"a"}


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        pytest.param({"label_selector": "app=a"}, ["a"], id="label"),
        pytest.param(
            {"label_selector": "app in (b,z),!nope"}, ["b"], id="labels in a set, and an absent one"
        ),
        pytest.param({"label_selector": "app!=a"}, ["b"], id="label unlike"),
        pytest.param({"field_selector": "metadata.name=a"}, ["a"], id="field"),
        pytest.param({"field_selector": "metadata.name!=a"}, ["b"], id="field unlike"),
        pytest.param({"limit": 1}, ["a"], id="first page"),
    ],
)
def test_lists_are_selected(core, pods, selector, names):
    pods.create(pod("a", "true"))
    pods.create(pod("b", "true"))
    found = core.list_namespaced_pod(pods.namespace, **selector)
    assert [item.metadata.name for item in found.items] == names
    assert bool(found.metadata._continue) == ("limit" in selector)


REJECTED = [
    pytest.param(
        lambda pod: pod["spec"]["containers"][0].update(name="Bad_Name"), 422, "lowercase RFC 1123", id="name"
    ),
    pytest.param(lambda pod: pod["metadata"]["labels"].update(x="a b"), 422, "valid label", id="label"),
    pytest.param(lambda pod: pod["metadata"].update(name="UPPER"), 422, "RFC 1123", id="pod name"),
    pytest.param(
        lambda pod: pod["spec"].update(containers=[]), 422, "spec.containers: Required", id="no containers"
    ),
    pytest.param(
        lambda pod: pod["spec"]["containers"].append(pod["spec"]["containers"][0]),
        422,
        "Duplicate value",
        id="twice",
    ),
    pytest.param(
        lambda pod: pod["spec"]["containers"][0].update(volumeMounts=[{"name": "z", "mountPath": "/x"}]),
        422,
        "Not found",
        id="a mount without volume",
    ),
    pytest.param(
        lambda pod: pod["spec"]["containers"][0].update(resources={"limits": {"cpu": "lots"}}),
        400,
        "quantit",
        id="quantity",
    ),
    pytest.param(
        lambda pod: pod["spec"].update(restartPolicy="Maybe"), 422, "Unsupported value", id="policy"
    ),
    pytest.param(lambda pod: pod["spec"]["containers"][0].pop("image"), 422, "Required value", id="no image"),
    pytest.param(
        lambda pod: pod["spec"]["containers"][0].update(env=[{"name": "A", "value": 1}]),
        400,
        "cannot be handled as a Pod",
        id="env value",
    ),
]


@pytest.mark.parametrize(("spoil", "code", "text"), REJECTED)
def test_bad_pods_are_refused(pods, spoil, code, text):
    body = {"apiVersion": "v1", "kind": "Pod", **pod("p", "true")}
    spoil(body)
    with pytest.raises(ApiException) as refused:
        pods.create(body)
    assert refused.value.status == code
    assert text in json.loads(refused.value.body)["message"]


def test_conflicts_and_absences(core, pods):
    core.create_namespaced_config_map(pods.namespace, {"metadata": {"name": "c"}, "data": {"a": "1"}})
    stale = core.read_namespaced_config_map("c", pods.namespace)
    core.patch_namespaced_config_map("c", pods.namespace, {"data": {"b": "2"}})
    calls = {
        "AlreadyExists": lambda: core.create_namespaced_config_map(
            pods.namespace, {"metadata": {"name": "c"}}
        ),
        "Conflict": lambda: core.replace_namespaced_config_map("c", pods.namespace, stale),
        "NotFound": lambda: pods.read("nope"),
    }
    for reason, call in calls.items():
        with pytest.raises(ApiException) as refused:
            call()
        assert json.loads(refused.value.body)["reason"] == reason
    assert core.read_namespaced_config_map("c", pods.namespace).data == {"a": "1", "b": "2"}


@pytest.fixture
def foos(core):
    """A custom resource whose spec needs a number `n`."""
    extensions = client.ApiextensionsV1Api(core.api_client)
    spec = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 1}}}
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    extensions.create_custom_resource_definition(
        custom_resource_definition("test.polyaxon.com", "v1", "Foo", "foos", schema)
    )
    time.sleep(1)  # a real server takes a moment to serve it
    yield ("test.polyaxon.com", "v1")
    extensions.delete_custom_resource_definition("foos.test.polyaxon.com")


def foo(**spec):
    return {"apiVersion": "test.polyaxon.com/v1", "kind": "Foo", "metadata": {"name": "x"}, "spec": spec}


def test_custom_resources_keep_to_their_schema(core, pods, foos):
    custom = client.CustomObjectsApi(core.api_client)
    for spec, text in [
        ({"n": 0}, "greater than or equal to 1"),
        ({"n": "a"}, "type integer"),
        ({}, "Required value"),
    ]:
        with pytest.raises(ApiException) as refused:
            custom.create_namespaced_custom_object(*foos, pods.namespace, "foos", foo(**spec))
        assert refused.value.status == 422
        assert text in json.loads(refused.value.body)["message"]
    created = custom.create_namespaced_custom_object(
        *foos, pods.namespace, "foos", {**foo(n=1, unknown=True), "status": {"s": 1}}
    )
    assert "status" not in created
    assert created["spec"] == {"n": 1}
    changed = {**created, "status": {"phase": "ok"}, "spec": {"n": 5}}
    stored = custom.replace_namespaced_custom_object_status(*foos, pods.namespace, "foos", "x", changed)
    assert (stored["status"], stored["spec"]) == ({"phase": "ok"}, {"n": 1})


def test_owned_objects_are_collected(core, pods, foos):
    custom = client.CustomObjectsApi(core.api_client)
    owner = custom.create_namespaced_custom_object(*foos, pods.namespace, "foos", foo(n=1))
    reference = {
        "apiVersion": "test.polyaxon.com/v1",
        "kind": "Foo",
        "name": "x",
        "uid": owner["metadata"]["uid"],
    }
    body = pod("owned", "sleep 60", terminationGracePeriodSeconds=1)
    body["metadata"]["ownerReferences"] = [reference]
    pods.create(body)
    custom.delete_namespaced_custom_object(*foos, pods.namespace, "foos", "x")
    deadline = time.monotonic() + 60
    while not pods.is_gone("owned"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
