"""Live legs and calls, and who is who on them."""
