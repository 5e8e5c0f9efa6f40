# Airflow with this package, and an environment of its own for what the examples train with.
FROM apache/airflow:3.3.2-python3.11

COPY --chown=airflow:0 .ci/training.txt /opt/training.txt
RUN python -m venv /opt/airflow/environments/training \
    && /opt/airflow/environments/training/bin/pip install --no-cache-dir --requirement /opt/training.txt

COPY --chown=airflow:0 pyproject.toml README.md /opt/polyaxon-airflow/
COPY --chown=airflow:0 polyaxon_airflow /opt/polyaxon-airflow/polyaxon_airflow
RUN pip install --no-cache-dir "apache-airflow==${AIRFLOW_VERSION}" "/opt/polyaxon-airflow[postgres,s3]"

# The volume that the components share takes its owner from here.
RUN mkdir -p /opt/airflow/shared
