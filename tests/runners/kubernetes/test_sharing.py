"""One connection for many runs: opened once, renewed once, closed with its last user."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from polyaxon_airflow.runners.kubernetes.api import Api
from polyaxon_airflow.runners.kubernetes.sharing import USERS, SharedApis
from tests.kube.fixtures import connector
from tests.kube.server import Fault

PODS = "/api/v1/namespaces/default/pods"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "seen"},
    "spec": {
        "restartPolicy": "Never",
        "containers": [{"name": "main", "image": "busybox", "command": ["true"]}],
    },
}


class Access:
    """As `ClusterAccess`, for a kubeconfig; counts what is open."""

    def __init__(self, kubeconfig):
        self.connector = connector(kubeconfig)
        self.opened = self.open = 0

    @asynccontextmanager
    async def connect(self):
        async with self.connector() as client:
            self.opened, self.open = self.opened + 1, self.open + 1
            yield client
            self.open -= 1


@pytest.fixture
def access(cluster):
    return Access(cluster.kubeconfig)


async def used(shared, access, together, requests=1):
    async with shared.use(access) as api:
        for _ in range(requests):
            await api.get(PODS)
        await together()


def run_together(access, users, **options):
    """How many connections were open while all used them."""

    async def run():
        shared, all_there, counts = SharedApis(), asyncio.Event(), []

        async def together():
            counts.append(access.open)
            if len(counts) == users:
                all_there.set()
            await all_there.wait()

        await asyncio.gather(*(used(shared, access, together, **options) for _ in range(users)))
        return max(counts)

    return asyncio.run(run())


@pytest.mark.parametrize(("users", "connections"), [(1, 1), (USERS, 1), (USERS + 1, 2)])
def test_as_many_connections_as_are_needed(access, users, connections):
    assert run_together(access, users) == connections
    assert (access.opened, access.open) == (connections, 0)


def test_expired_credentials_are_renewed_once_for_all(cluster, access):
    cluster.server.faults.append(Fault("GET", "/pods$", 401, times=5, reason="Unauthorized"))
    run_together(access, 5, requests=3)
    assert (access.opened, access.open) == (2, 0)


def test_what_is_open_goes_on_when_credentials_are_renewed(cluster, access):
    async def watch():
        async with Api(access.connect) as api, api.stream(PODS, {"watch": "1"}, silence=30) as events:
            cluster.server.faults.append(Fault("GET", "/pods$", 401, reason="Unauthorized"))
            await api.get(PODS)
            await api.create(PODS, POD)
            return await anext(events)

    assert b'"ADDED"' in asyncio.run(watch())
    assert (access.opened, access.open) == (2, 0)


def test_a_cluster_that_cannot_be_reached_leaves_nothing_behind(access):
    @asynccontextmanager
    async def refuse():
        raise OSError("no route")
        yield

    access.connect = refuse

    async def attempt():
        shared = SharedApis()
        with pytest.raises(OSError, match="no route"):
            async with shared.use(access):
                raise AssertionError("it cannot be open")
        assert shared._seats == []

    asyncio.run(attempt())
