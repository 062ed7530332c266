"""A request on its way: decided, written down, carried out, confirmed, answered."""
