"""Engines, and the ways that lead to them."""

import sys

# The Docker SDK then does as where its extra "ssh" is not installed: Deckhand has an SSH of its own, and paramiko
# takes longer to import than an engine of this machine to answer.
sys.modules.setdefault("docker.transport.sshconn", None)  # type: ignore[arg-type] # None is how Python says: not there
