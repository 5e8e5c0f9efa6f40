from tests.kube.fixtures import core, kubeconfig, namespace

__all__ = ["core", "kubeconfig", "namespace"]
