"""The ways in: agents' boards by the event socket, operators by a UNIX socket."""
