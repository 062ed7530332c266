"""Fuzzing: what strangers can send, at random, into everything that reads it (``make fuzz``)."""
