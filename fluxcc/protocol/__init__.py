"""What travels between the doors and whoever comes in: the shapes, and how they are read."""
