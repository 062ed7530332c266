"""What calls, legs, numbers, blocks, requests and effects are. No I/O, no library that does any."""
