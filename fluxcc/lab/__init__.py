"""PBXs to try things on: the demo and the scenario tests run on either of the two kinds.

``port.py`` says what such a PBX can do; ``real.py`` is a FreeSWITCH with SIPp as the trunk and the
telephones, ``simulated.py`` the built-in simulator for machines without them.
"""
