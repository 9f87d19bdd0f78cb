"""How a command ends that did not do what it was asked for."""

FAILED, MISUSED = 1, 2
"""Exit codes: something is in the way; the command or the configuration is wrong."""
