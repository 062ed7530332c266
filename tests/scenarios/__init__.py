"""What the program does for the people around it, tried on a whole PBX with the real daemon.

Every test runs unchanged on the built-in simulator and, where there is one, on a real FreeSWITCH
with SIPp. One file a theme; a test is named after the rule it holds the program to.
"""
