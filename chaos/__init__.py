"""What fluxcc survives, shown by doing it: ``make chaos`` prints one line a figure.

Each module is one theme, each function in its ``CHECKS`` one figure. The rules that are checked are
those of ``docs/resilience.md``. Counterparts: ``subject`` (the daemon as a process of its own),
``proxy`` (what stands between it and the PBX), ``traffic`` (the people who call).
"""
