"""Polyaxonfiles as Apache Airflow DAGs."""
