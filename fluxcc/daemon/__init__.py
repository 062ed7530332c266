"""The process: start and end, the connection to FreeSWITCH, incoming events, periodic jobs."""
