"""The protocols of the doors: the shapes of requests and replies, and how they are read."""
