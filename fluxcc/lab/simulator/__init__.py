"""A FreeSWITCH look-alike, for the demo and for tests where no FreeSWITCH is installed.

It speaks the event socket's protocol on a real TCP socket and reads the same XML configuration
folder as the real thing. Its counterparts are clients of the event socket; it imports nothing of
them. The same tests run on it and on a real FreeSWITCH: where the two differ, the simulator is
wrong.

``python -m fluxcc.lab.simulator`` serves one (``__main__.py``). ``pbx.py`` holds the parts;
``assembly.py`` gives it what acts on all of them at once: ``applications.py``, ``api/`` and
``scripts.py``. So no file imports itself by way of others.

One call through the files::

    outside → switchboard → routing → dialplan → applications → dialing → bridging
                   │                                   │
                   └── channel ──→ events ──→ server   └── callcenter, conference, scripts
"""
