"""A sweep as a scheduler would run it: so many workers, trials of different lengths, asked when a worker is free."""

from __future__ import annotations

import heapq
import time

import numpy as np

from polyaxon_airflow.matrix import Trial


def sweep(task, engine, workers, trials, seed):
    """Losses in the order in which trials end, how many trials repeat another's params, CPU seconds an ask."""
    lengths = np.random.default_rng([seed, 7]).lognormal(0, 0.5, trials) if workers > 1 else np.ones(trials)
    history, busy, losses, costs = {}, [], [], []
    clock = 0.0
    for index in range(trials):
        if len(busy) == workers:
            clock, done = heapq.heappop(busy)
            losses.append(finish(task, engine, history, done))
        started = time.process_time()
        params = engine.ask(index, list(history.values()))
        costs.append(time.process_time() - started)
        history[index] = Trial(index, params)
        heapq.heappush(busy, (clock + lengths[index], index))
    while busy:
        losses.append(finish(task, engine, history, heapq.heappop(busy)[1]))
    different = {repr(sorted(trial.params.items())) for trial in history.values()}
    return {"losses": losses, "repeats": trials - len(different), "cpu": costs}


def finish(task, engine, history, index):
    loss = task.loss(history[index].params)
    history[index] = Trial(index, history[index].params, loss, "succeeded")
    engine.tell(index, loss)
    return loss
