"""Connections: what a deployment lends to runs by name. The file that lists them, and the secrets behind them.

`sections/connections.py` holds what one connection says, `runtimes` what it adds to a pod.
"""
