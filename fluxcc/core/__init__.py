"""What the daemon does. It reaches FreeSWITCH, the store, the clock and the event loop only through
``ports``, and imports no library that does I/O."""
