"""The shapes by theme. Importing this package registers all of them (``shape.SHAPES``)."""

from . import handing_over, plain, standing, wires

__all__ = ["handing_over", "plain", "standing", "wires"]
