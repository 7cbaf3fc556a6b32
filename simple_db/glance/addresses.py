"""Whether an IP address, in any notation, is one of this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# "This host on this network" (RFC 1122): a connection to 0.0.0.0 reaches the own machine.
_THIS_HOST = ipaddress.IPv4Network("0.0.0.0/8")


def plain_address(text: str) -> Address:
    """Return the address without its zone, and as IPv4 if it is IPv4 embedded in IPv6.

    ``::ffff:127.0.0.1`` and ``::127.0.0.1`` are 127.0.0.1.

    Raises:
        ValueError: the text is no address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv4Address):
        return address
    number = int(address)
    embedded = address.ipv4_mapped or _compatible(number)
    return embedded or ipaddress.IPv6Address(number)


def is_unspecified(address: Address) -> bool:
    """Return whether the address names no host: 0.0.0.0 and its network, or ``::``."""
    return address.is_unspecified or (address.version == 4 and address in _THIS_HOST)  # noqa: PLR2004 - IPv4


def is_of_this_machine(address: Address) -> bool:
    """Return whether a connection to the address reaches this machine."""
    if address.is_loopback or is_unspecified(address):
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
    # The system binds a socket to addresses of its own only.
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((str(address), 0))
        return True
    return False


def _compatible(number: int) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address behind 96 zero bits; ``::`` and ``::1`` are addresses of IPv6."""
    return ipaddress.IPv4Address(number) if 1 < number < 2**32 else None
