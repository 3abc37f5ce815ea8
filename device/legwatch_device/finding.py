"""Finds the doors that servers in this house hold open for a bedside (mDNS)."""

from collections.abc import Iterator
from queue import Empty, SimpleQueue

from legwatch.contract.pairing import SERVICE
from legwatch.errors import CannotRun
from legwatch_device.pairing import Server
from legwatch_runtime.clock import awake_s

LOOK_S = 10.0
ASK_MS = 3000


def doors() -> Iterator[Server]:
    """Yield each door as it is found, for ten seconds; raises CannotRun without a network."""
    try:
        from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf  # noqa: PLC0415 - slow
    except ModuleNotFoundError:
        raise CannotRun("nothing here can look for the server: name it with --server") from None
    names = SimpleQueue[str]()

    def heard(*, name: str, state_change: ServiceStateChange, **_: object) -> None:
        if state_change is not ServiceStateChange.Removed:
            names.put(name)

    try:
        house = Zeroconf()
    except OSError as error:
        raise CannotRun(f"this Pi has no network: {error.strerror}") from None
    try:
        ServiceBrowser(house, SERVICE, handlers=[heard])
        end_s = awake_s() + LOOK_S
        while (left_s := end_s - awake_s()) > 0:
            try:
                found = house.get_service_info(SERVICE, names.get(timeout=left_s), ASK_MS)
            except Empty:
                return
            if found is not None and found.port:
                yield from (Server(address, found.port) for address in found.parsed_addresses())
    finally:
        house.close()
