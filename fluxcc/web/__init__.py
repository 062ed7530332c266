"""The web process (``fluxcc web``): pages, the HTTP API and the stream of events.

It reads the store by ``store.history`` and asks the daemon over the operators' door; it knows
nothing of FreeSWITCH, and when it ends no call notices. ``docs/pages.md`` says how a page is added.
"""
