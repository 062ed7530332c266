"""Checks an installation and says what to do about each fault: ``fluxcc doctor``.

Each file holds the checks of one theme; ``checks`` runs them in order. A check is a function
that takes the ``Installation`` that is looked at and yields a ``Finding`` for each
fault, none where all is well. Looking to add one? Write the function in its theme's file, and a
line with its name and title in ``checks.CHECKS``.

Nothing is changed, but for a key in mod_hash that blocks, for an instant, a number that no
telephone has.
"""
