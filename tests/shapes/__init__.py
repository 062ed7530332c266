"""Every shape of call that real sites have, set up with SIP telephones that register.

In the order in which a newcomer reads:

1. ``port.py`` says what a site to set up calls on can do. No shape knows more of it.
2. The shapes themselves bring people, step by step, to the stage at which something is to be tried.
3. ``telephone.py`` (the telephones and the trunk) and ``site.py`` (a FreeSWITCH with the
   configuration in ``conf/``) are the real site.
4. ``record.py`` (``python -m tests.shapes.record``) plays each shape to its end on the real site
   and keeps what the event socket told.
5. ``simulated.py`` is the site without a FreeSWITCH. ``test_simulated.py`` plays each shape there
   and lays it beside the recording (``likeness.py``).
6. ``domains.py`` says which SIP domains a site has. On one of two, everybody has a twin: the same
   extension in the other domain.
7. ``matrix.py`` says what everybody's request does at each stage, ``cells.py`` plays one of them,
   ``twins.py`` one that the twins spoil, ``run.py`` (``make shapes``) all on the real site;
   ``test_matrix.py`` a part on the simulator.
"""
