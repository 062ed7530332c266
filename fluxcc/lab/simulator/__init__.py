"""A FreeSWITCH look-alike, for the demo and for tests where no FreeSWITCH is installed.

It speaks the event socket's protocol on a real TCP socket and reads the same XML configuration
folder as the real thing. Its counterpart is whatever connects to an event socket; it imports
nothing of the program that does. It is held true by running the same tests on a real FreeSWITCH:
where the two differ, this one is wrong.

``python -m fluxcc.lab.simulator`` serves one (``__main__.py``). ``pbx.py`` holds the parts;
``assembly.py`` gives it what acts on all of them at once: ``applications.py``, ``api/`` and
``scripts.py``. So no file imports itself by way of others.

One call through the files::

    outside → switchboard → routing → dialplan → applications → dialing → bridging
                   │                                   │
                   └── channel ──→ events ──→ server   └── callcenter, conference, scripts
"""
