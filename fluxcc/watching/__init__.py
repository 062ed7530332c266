"""What somebody who watches the daemon sees: metrics for Prometheus, and whether it is well.

Nothing here costs anything while events are handled: ``collector`` reads what everybody knows of
themselves at the moment somebody asks. Only actions are counted as they end (``actions``), which is
rare. No telephone number is told. The reference for an administrator is ``docs/watching.md``;
looking to add a metric? Start in ``collector``, then name it there.
"""
