"""PBXs to try fluxcc on, for the demo and the tests.

In the order in which a newcomer reads:

1. ``demo.py`` tells the main job, start to end: ``fluxcc demo``.
2. ``port.py`` says what a PBX to try things on can do. Demo and scenario tests know no more of it.
3. ``real.py`` is such a PBX on a FreeSWITCH of its own (``freeswitch.py``) with SIPp as the trunk
   and the telephones (``sipp.py``, ``sipp/``; ``trace.py`` reads what SIPp saw).
4. ``simulated.py`` is such a PBX on the built-in simulator (``simulator/``), for machines without
   FreeSWITCH.

Both read the configuration in ``conf/`` and ask the PBX by ``esl.py``. ``ports.py`` and
``processes.py`` keep what the real one starts apart from everything else on the machine.
"""
