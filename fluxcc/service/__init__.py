"""What the daemon does, without knowing with what: it reaches the PBX, the store, the clock and
the event loop through ``ports`` alone."""
