"""Benchmarks: ``make bench`` prints one table, each row a ratio or a figure with its bar."""
