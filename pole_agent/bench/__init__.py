"""Measures the agent on this machine: a busy day, the lamp's latency, a backlog, the start.

`pole-agent bench` runs all of it.
"""
