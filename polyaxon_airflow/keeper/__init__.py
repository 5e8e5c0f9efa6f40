"""The queue keeper: a small process beside the scheduler that keeps the order of waiting tasks fair.

Airflow's scheduler starts the waiting task with the largest `priority_weight`, a number that it fixes when it creates
the task, long before one knows who else will want the slots. The keeper looks at the pools of the queues file every
second and writes that number anew for the few tasks that start next. It starts nothing and holds nothing up: without
it, tasks start in the order that they were created with (`queues/weights.py`).

Since it is the one process of ours that is always there, it also sees to runs on a cluster that nobody looks after any
more (`orphans`), and to what ended runs were to leave there for some time (`expired`).
"""
