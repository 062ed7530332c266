"""Looks an installation over and says what to do about each fault: ``fluxcc doctor``.

Each file holds the checks of one theme; ``examination`` runs them in order. A check is given a
``Patient`` (what is looked at) and tells ``Finding`` after ``Finding``, or none where all is well.
Looking to add one? Write it in its theme's file and name it in ``examination.CHECKS``.

Nothing is changed, apart from a key in mod_hash that blocks a number nobody has for an instant.
"""
