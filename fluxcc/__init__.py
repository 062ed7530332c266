"""fluxcc: carries out an agent's four actions on a FreeSWITCH call.

Data takes two ways through the package, each in one direction only:

    event socket → pbx.link → pbx.events → core.calls.tracker → domain.calls → store
    board | cli  → request  → core.requests.executor → actions → [effects] → pbx → confirmed by
                   an event → core.journal → reply

``docs/architecture.md`` gives each folder one line and says where to start.
"""

__version__ = "0.1.0"
