"""Checks an installation and says what to do about each fault: ``fluxcc doctor``.

Each file has the checks of one theme; ``checks`` lists them all and runs them in order. A check is
given the ``Installation`` and yields a ``Finding`` for each fault. Looking to add one? Write it in
its theme's file and name it in ``checks.CHECKS``.

Nothing is changed, except for a key in mod_hash that blocks an unused number for a moment.
"""
