"""The Airflow operators, one a role; the kinds of a polyaxonfile are not theirs to know."""
