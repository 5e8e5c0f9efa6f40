"""Queues as Kubernetes objects."""

import re

import pytest
import yaml

from polyaxon_airflow.queues.kubernetes import admission, kueue_queues, resource_quotas
from polyaxon_airflow.queues.reading import read_queues
from tests import corpus
from tests.kube import strict
from tests.kube.admission import strict_faults
from tests.kube.resources import defined_by

QUEUES = read_queues(
    """
agents:
  - name: lab
    namespace: ml
    queues:
      - {name: gpu, concurrency: 8, priority: 3, weight: 2, quota: {gpu: 8, memory: 64Gi, cost: 3}}
      - {name: debug, concurrency: 1, quota: {gpu: 1, memory: 8Gi, cost: 0.375}, parent: gpu, borrow: 2}
      - {name: free}
      - {name: Alone_1, concurrency: 2}
"""
)


def test_a_queue_with_limits_becomes_a_resource_quota_of_its_priority_class():
    first, second, *_ = resource_quotas(QUEUES)
    assert first == {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "polyaxon-lab-gpu"},
        "value": 3,
        "preemptionPolicy": "Never",
        "description": "Runs of the Polyaxon queue lab/gpu.",
    }
    assert second == {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "polyaxon-lab-gpu", "namespace": "ml"},
        "spec": {
            "hard": {"requests.memory": "64Gi", "requests.nvidia.com/gpu": "8", "pods": "8"},
            "scopeSelector": {
                "matchExpressions": [
                    {"scopeName": "PriorityClass", "operator": "In", "values": ["polyaxon-lab-gpu"]}
                ]
            },
        },
    }


def test_a_queue_without_limits_needs_no_quota():
    assert "polyaxon-lab-free" not in [each["metadata"]["name"] for each in resource_quotas(QUEUES)]


def test_gpus_can_be_of_another_vendor():
    assert "requests.amd.com/gpu" in resource_quotas(QUEUES, "amd.com/gpu")[1]["spec"]["hard"]


@pytest.mark.parametrize(
    ("kind", "name", "spec"),
    [
        pytest.param("ResourceFlavor", "default", None, id="one flavor of nodes"),
        pytest.param(
            "LocalQueue", "gpu", {"clusterQueue": "polyaxon-lab-gpu"}, id="the queue that a pod's label names"
        ),
        pytest.param(
            "ClusterQueue",
            "polyaxon-lab-debug",
            {
                "namespaceSelector": {},
                "queueingStrategy": "BestEffortFIFO",
                "resourceGroups": [
                    {
                        "coveredResources": ["memory", "nvidia.com/gpu", "pods"],
                        "flavors": [
                            {
                                "name": "default",
                                "resources": [
                                    {"name": "memory", "nominalQuota": "8Gi"},
                                    {"name": "nvidia.com/gpu", "nominalQuota": "1"},
                                    {"name": "pods", "nominalQuota": "1", "borrowingLimit": "2"},
                                ],
                            }
                        ],
                    }
                ],
                "cohortName": "polyaxon-lab-gpu",
                "fairSharing": {"weight": "1"},
            },
            id="a child borrows in the cohort of its parent",
        ),
    ],
)
def test_kueue(kind, name, spec):
    found = [
        each for each in kueue_queues(QUEUES) if (each["kind"], each["metadata"]["name"]) == (kind, name)
    ]
    assert [each.get("spec") for each in found] == [spec]


def named(name):
    """A ClusterQueue, and how much it may borrow of each resource."""
    found = next(each for each in kueue_queues(QUEUES) if each["metadata"]["name"] == f"polyaxon-lab-{name}")
    resources = found["spec"]["resourceGroups"][0]["flavors"][0]["resources"]
    return found["spec"], {resource.get("borrowingLimit") for resource in resources}


def test_a_parent_does_not_borrow():
    assert named("gpu")[1] == {"0"}


def test_a_queue_without_family_has_no_cohort_and_so_no_limit_of_borrowing():
    """A rule of Kueue's ClusterQueue: "borrowingLimit must be nil when cohort is empty"."""
    spec, limits = named("alone-1")
    assert ("cohortName" in spec, limits) == (False, {None})


def test_names_are_such_as_kubernetes_takes():
    names = [each["metadata"]["name"] for each in [*kueue_queues(QUEUES), *resource_quotas(QUEUES)]]
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) for name in names)
    assert "alone-1" in names
    queues = read_queues("agents: [{name: lab, admission: kueue, queues: [{name: Alone_1}]}]")
    assert admission(queues.find("Alone_1")).labels["kueue.x-k8s.io/queue-name"] == "alone-1"


def test_a_cluster_takes_the_resource_quotas():
    assert [fault for each in resource_quotas(QUEUES) for fault in strict.faults_of(each)] == []


def test_kueue_takes_its_queues():
    """Kueue's CRDs: config/components/crd/bases of kubernetes-sigs/kueue."""
    crds = yaml.safe_load_all(corpus.study_text("kueue/crds.yaml"))
    known = {(found.group_version, found.kind): found for crd in crds for found in defined_by(crd)}
    for each in kueue_queues(QUEUES):
        assert strict_faults(known[each["apiVersion"], each["kind"]], each) == []


@pytest.mark.parametrize(
    ("told", "labels", "priority_class"),
    [
        pytest.param(
            "kueue",
            {"kueue.x-k8s.io/queue-name": "gpu", "kueue.x-k8s.io/priority-class": "polyaxon-lab-gpu"},
            None,
            id="Kueue, by labels",
        ),
        pytest.param("quota", {}, "polyaxon-lab-gpu", id="a ResourceQuota, by the priority class"),
        pytest.param(None, {}, None, id="nobody"),
    ],
)
def test_by_what_a_cluster_counts_the_pods_of_a_queue(told, labels, priority_class):
    queues = read_queues(f"agents: [{{name: lab, admission: {told or '~'}, queues: [{{name: gpu}}]}}]")
    assert admission(queues.find("gpu")) == (labels, priority_class)
