"""What Airflow's provider manager wants to know of this package."""

from __future__ import annotations

from typing import Any

DEFAULTS = {
    "auto_bundle": ("boolean", "True", "Add a DAG bundle of polyaxonfiles over the dags folder."),
    "refresh_interval": (
        "integer",
        "10",
        "Seconds between looks for new, changed and removed polyaxonfiles.",
    ),
    "runner": ("string", "process", "Where runs execute: process or kubernetes."),
    "process_environments": (
        "string",
        "{{}}",  # Airflow formats defaults: this is {}
        "JSON object, image pattern to virtual environment: what an image stands for on the process runner.",
    ),
    "artifacts_root": (
        "string",
        "",
        "Folder or URL (s3://, gs://, az://) where runs keep their artifacts; by default polyaxon/artifacts in AIRFLOW_HOME.",
    ),
    "artifacts_conn_id": ("string", "", "Airflow connection with the credentials of artifacts_root."),
    "connections_file": (
        "string",
        "",
        "Connections of runs; by default connections.yaml in the dags folder.",
    ),
    "store_url": (
        "string",
        "",
        "SQLAlchemy URL of the run store; by default SQLite in AIRFLOW_HOME/polyaxon.",
    ),
    "store_conn_id": ("string", "", "Airflow connection to the run store, instead of store_url."),
    "catchup": (
        "boolean",
        "True",
        "Whether schedules make up for ticks that were missed, one after another.",
    ),
    "owner": ("string", "default", "Owner of runs whose file is in no owner's folder."),
    "project": ("string", "default", "Project of runs."),
    "queues_file": ("string", "", "Agents and queues; by default queues.yaml in the dags folder."),
    "queue_interval": (
        "float",
        "1",
        "Seconds between two looks of the queue keeper; 0 for no keeper.",
    ),
    "orphans_interval": (
        "float",
        "15",
        "Seconds between two looks for runs on a cluster whose task has ended while nobody followed them; 0 for none.",
    ),
    "ttl_interval": (
        "float",
        "120",
        "Seconds between two looks for what termination.ttl has kept on a cluster for long enough; 0 for none.",
    ),
    "kubernetes_conn_id": (
        "string",
        "",
        "Kubernetes connection of runs whose queue names none; by default the cluster that this process is in.",
    ),
    "kubernetes_namespace": ("string", "", "Namespace of those runs; by default the connection's."),
    "helper_image": (
        "string",
        "",
        "Image with this package, for init steps and for what carries metrics and artifacts out of pods.",
    ),
    "pod_defaults": (
        "string",
        "{{}}",
        "JSON: serviceAccountName, nodeSelector, affinity, tolerations, imagePullSecrets, env of all pods.",
    ),
    "pod_start_timeout": (
        "float",
        "120",
        "Seconds that a pod may need for an image that cannot be pulled or a container that cannot be made.",
    ),
    "deferrable": ("boolean", "True", "Let tasks wait for runs on Kubernetes without a worker."),
    "event_poll_interval": ("float", "60", "Seconds between two looks at what events are about."),
    "event_poll_jitter": ("float", "0.1", "Share of that interval by which it varies."),
    "event_poll_backoff": ("float", "600", "Seconds between two looks at most, when they fail."),
    "event_wait_interval": (
        "float",
        "5",
        "Seconds between two looks for operations of dags that wait for events of others.",
    ),
    "grace": ("float", "10", "Seconds between SIGTERM and SIGKILL when a run is stopped."),
}


def get_provider_info() -> dict[str, Any]:
    """See airflow/provider_info.schema.json. The plugin is an entry point of its own (docs/architecture.md)."""
    return {
        "package-name": "airflow-provider-polyaxon",
        "name": "Polyaxon",
        "description": "Polyaxonfiles as DAGs: queues, schedules, events, tuning with early stopping.",
        "extra-links": [
            "polyaxon_airflow.operators.links.ServiceLink",
            "polyaxon_airflow.operators.links.OriginalLink",
        ],
        "config": {
            "polyaxon": {
                "description": "Settings of airflow-provider-polyaxon.",
                "options": {
                    name: {
                        "description": description,
                        "type": kind,
                        "default": default,
                        "version_added": "0.1.0",
                        "example": None,
                    }
                    for name, (kind, default, description) in DEFAULTS.items()
                },
            }
        },
    }
