"""An Airflow home of our own for every test process, set before anything imports Airflow."""

import os
import tempfile

from hypothesis import settings

HOME = tempfile.mkdtemp(prefix="polyaxon-airflow-tests-")
os.environ |= {
    "AIRFLOW_HOME": HOME,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": f"{HOME}/dags",
    "AIRFLOW__CORE__FERNET_KEY": "",
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",  # a busy machine takes long to import Airflow
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": f"{HOME}/bundles",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
}

# Wall time says nothing on a busy machine, so no example has a deadline.
settings.register_profile("quick", max_examples=25, deadline=None)
settings.register_profile("full", max_examples=250, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
