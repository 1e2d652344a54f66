"""Refuses every connection of this process to another machine, and remembers who tried."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any


class NetworkGuard:
    """One audit hook for the life of the process: Python cannot take one back."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else None  # a path or None: a socket of this machine
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            # Resolving a number asks nobody; a server does it to bind.
            host = None if _is_number(arguments[0]) else arguments[0]
        else:
            return
        if host is not None and not _is_this_machine(_text(host)):
            self.attempts.append(f"{event} {_text(host)}")
            raise OSError(f"tests do not reach other machines: {event} {_text(host)}")


def _text(host: Any) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)


def _is_number(host: Any) -> bool:
    try:
        ipaddress.ip_address(_text(host).partition("%")[0])
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    if host in ("", "localhost", "testserver"):
        return True
    return _is_number(host) and ipaddress.ip_address(host.partition("%")[0]).is_loopback
