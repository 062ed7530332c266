"""The database, in SQLAlchemy: one file a table, ``sql_store`` and ``history`` in front of them.

Counterpart: ``core.ports.Store``, which ``sql_store.SqlStore`` implements. Looking to add a table?
Start in ``schema``, add a file in ``migrations/versions``, then a file of its own here.
"""
