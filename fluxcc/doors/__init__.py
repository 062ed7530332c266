"""Where somebody comes in: agents by the event socket, operators by a UNIX socket."""
