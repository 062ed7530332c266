"""PBXs to try fluxcc on, for the demo and the tests.

In the order in which a newcomer reads: ``demo.py`` runs the main job, start to end; ``port.py``
says what a PBX to try things on can do; ``real.py`` is a FreeSWITCH of its own with SIPp as the
trunk and the telephones (``freeswitch.py``, ``sipp.py``); ``simulated.py`` is the built-in
simulator (``simulator/``) for machines without them. Demo and scenario tests run on either.
"""
