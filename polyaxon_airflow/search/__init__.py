"""Search engines in plain numpy, none of them with state: what has been seen goes in, points to try come out.

All of them work in the unit cube, where one axis is one parameter (`cube`). `bayes` models the losses with a
Gaussian process, `tpe` models where good and bad points lie. Nothing here is imported when a DAG is parsed.
"""
