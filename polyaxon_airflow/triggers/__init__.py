"""Airflow's triggers: what waits outside of a worker, for runs and for events."""
