from tests.kube.fixtures import cluster, core, kubeconfig, namespace

__all__ = ["cluster", "core", "kubeconfig", "namespace"]
