"""Polyaxonfiles as Airflow DAGs: the bundle, the loader, and the translation of a plan."""
