"""What outlives the daemon, in SQLAlchemy: one file a table, ``database`` in front of them.

Counterpart: ``core.ports.Store``, which ``database.SqlStore`` implements. Looking to add a
table? Start in ``schema``, add a file in ``migrations/versions``, then a file of its own here.
"""
