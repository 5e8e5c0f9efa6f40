"""Polyaxon's query language: `status:succeeded, metrics.loss:<0.1 OR tags:best` (spec section 3.9).

    parse     text -> tree of comparisons, every word checked, without SQLAlchemy   `parse_query`, `parse_sort`
    compile   tree -> SQLAlchemy expression with bound parameters                   `compile.condition`

A query is read by `grammar` (what belongs together), `fields` (what may be asked), `operations` (what is asked
of it) and `dates`.
"""

from polyaxon_airflow.store.query.parse import parse_query, parse_sort

__all__ = ["parse_query", "parse_sort"]
