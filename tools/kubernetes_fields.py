"""Write the fields of the Kubernetes objects that polyaxonfiles hold, from the Kubernetes client that is installed.

python tools/kubernetes_fields.py > polyaxon_airflow/checking/kubernetes.json
"""

import json
import re
import sys

from kubernetes.client import models

ROOTS = (
    "V1Container",
    "V1Volume",
    "V1Affinity",
    "V1Toleration",
    "V1HostAlias",
    "V1SecurityContext",
    "V1PodDNSConfig",
    "V1PodFailurePolicy",
    "V1ResourceRequirements",
    "V1ExecAction",
    "V1HTTPGetAction",
)


def collect(name, found):
    """The fields of an object and of all inside it: its keys in YAML with their types, as the client names them."""
    if name in found:
        return
    model = getattr(models, name)
    found[name] = {model.attribute_map[attribute]: kind for attribute, kind in model.openapi_types.items()}
    for kind in found[name].values():
        for inner in re.findall(r"(?:Core)?V1\w+", kind):
            collect(inner, found)


def main():
    found = {}
    for root in ROOTS:
        collect(root, found)
    json.dump(found, sys.stdout, sort_keys=True, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
