"""The process: its life, its connection to FreeSWITCH, the events that come in, its jobs."""
