"""FreeSWITCH's event socket. Its words (event names, headers, API commands) live here alone."""
