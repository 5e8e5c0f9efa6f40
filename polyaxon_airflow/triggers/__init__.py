"""The Airflow triggers: what waits for runs outside of a worker."""
