"""The operators' side of their door."""
