"""The shapes by theme. Importing this package registers all of them (``shape.SHAPES``)."""

from . import consulting, destinations, handing_over, plain, standing, wires

__all__ = ["consulting", "destinations", "handing_over", "plain", "standing", "wires"]
