"""Blocked numbers: in memory, at the gate, freed on time, and what their callers try."""
