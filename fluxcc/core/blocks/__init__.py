"""Blocked numbers: in memory, at the gate, released on time, and the calls of blocked callers."""
