"""The operators' side of the operators' socket."""
