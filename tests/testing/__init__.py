"""What tests, chaos and benchmarks share to reach a running program."""
