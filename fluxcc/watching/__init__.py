"""Monitoring: metrics for Prometheus, and health checks.

Nothing here costs time while events are handled: ``collector`` reads the counts of other parts when
Prometheus asks. Only actions are counted as they end (``actions``), which is rare. No metric has a
telephone number. The reference for an administrator is ``docs/watching.md``; looking to add a
metric? Start in ``collector``, then name it there.
"""
