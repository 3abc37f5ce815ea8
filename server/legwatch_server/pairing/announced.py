"""Lets a bedside find the open door by itself (mDNS, as printers are found).

Nobody trusts what is announced: the bedside asks each door that it finds for the key that its code
names, and says its secret to no other.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from legwatch.contract.pairing import SERVICE


@contextmanager
def announced(name: str, address: str, port: int) -> Iterator[None]:
    """Announce a door in the house while this runs; without a network nothing is announced.

    `address`: where it listens; empty: at all addresses of this machine.
    """
    from zeroconf import Error, ServiceInfo, Zeroconf  # noqa: PLC0415 - slow to import

    try:
        house = Zeroconf()
    except OSError:
        yield
        return
    label = socket.gethostname().partition(".")[0] or "legwatch"
    info = ServiceInfo(
        SERVICE,
        f"{name}.{SERVICE}",
        port=port,
        server=f"{label}.local.",
        addresses=[socket.inet_aton(one) for one in ([address] if address else _addresses())],
    )
    with suppress(Error, OSError, TimeoutError):  # the address can still be typed
        house.register_service(info, allow_name_change=True)
    try:
        yield
    finally:
        house.close()


def _addresses() -> list[str]:
    """Return the addresses of this machine; its own loopback only if it has no other."""
    from ifaddr import get_adapters  # noqa: PLC0415 - comes with zeroconf

    found = [str(ip.ip) for adapter in get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [one for one in found if not one.startswith("127.")] or found
