"""FreeSWITCH's event socket. Only this package has FreeSWITCH's words: event names, headers, API
commands."""
