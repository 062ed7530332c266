"""What the daemon does, behind ``ports``: it reaches FreeSWITCH, the store, the clock and the event
loop through these alone, and imports no library that does I/O."""
