"""Stands in for the rest of a city: a dispatcher that flies on paper, and a broker on loopback.

For the demo, the bench and tests.
"""
