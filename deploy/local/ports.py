"""Loopback ports: free ones for the parts, and a clear word when a wanted one is taken."""

import random
import socket

from deploy.local.errors import StackError

HOST = "127.0.0.1"
# Below the kernel's ephemeral range, so that no outgoing connection takes the port before its server does.
_CANDIDATES = range(15000, 32768)


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on."""
    for port in random.sample(_CANDIDATES, 1000):
        if _can_bind(port):
            return port
    raise StackError("local stack: no free port on 127.0.0.1 between 15000 and 32767; stop some local servers")


def wanted_port(setting: str, text: str) -> int:
    """Return the port named by a setting, or say which setting to change when it is no port or is taken."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StackError(f"{setting}={text}: not a port; give a number from 1 to 65535")
    if not _can_bind(int(text)):
        raise StackError(
            f"{setting}={text}: port {text} on {HOST} is taken or not allowed; "
            f"stop the program that has it (`ss -ltnp 'sport = :{text}'` names it) or give another {setting}"
        )
    return int(text)


def accepts(port: int) -> bool:
    """Tell whether something accepts connections on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT after a stop is free, one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
