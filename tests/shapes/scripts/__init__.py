"""The shapes by theme. Importing this package registers all of them (``shape.SHAPES``,
``shape.TWINS``)."""

from . import consulting, destinations, handing_over, plain, standing, twins, wires

__all__ = ["consulting", "destinations", "handing_over", "plain", "standing", "twins", "wires"]
