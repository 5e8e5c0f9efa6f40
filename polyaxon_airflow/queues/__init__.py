"""Queues: who may run what where, how many at once, and who is next."""
