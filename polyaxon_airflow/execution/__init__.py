"""One run, from its compiled operation to its results: resolve, decide, submit, follow, collect.

Each step is a module, values in and values out. Nothing here imports Airflow: the operators bring what Airflow
knows, and turn what comes out into the states of tasks.
"""
