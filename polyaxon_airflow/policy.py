"""Airflow imports this in every process (entry point `airflow.policy`), so polyaxonfiles need no loader file.

It adds the bundle of polyaxonfiles to the configured DAG bundles, unless an admin has configured one or has
switched it off with `[polyaxon] auto_bundle = False`. Standard library only at the top: everybody pays for it.
"""

from __future__ import annotations

import json
import os

BUNDLE = "polyaxon_airflow.dag.bundle.PolyaxonDagBundle"
SETTING = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


def add_bundle() -> None:
    """Append our bundle to `[dag_processor] dag_bundle_config_list`, in this process and those it starts."""
    from airflow.configuration import conf

    if not conf.getboolean("polyaxon", "auto_bundle", fallback=True):
        return
    configured = conf.getjson("dag_processor", "dag_bundle_config_list", fallback=[])
    bundles = configured if isinstance(configured, list) else []
    if any(bundle.get("classpath") == BUNDLE for bundle in bundles):
        return
    interval = conf.getint("polyaxon", "refresh_interval", fallback=10)
    ours = {"name": "polyaxon", "classpath": BUNDLE, "kwargs": {"refresh_interval": interval}}
    os.environ[SETTING] = json.dumps([*bundles, ours])


add_bundle()
