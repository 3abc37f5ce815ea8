"""What is too large, too slow or too much, sent from outside as a stranger or a bad agent would."""

import contextlib
import json
import random
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import paho.mqtt.client as mqtt

from campaigns.raw_mqtt import publish
from campaigns.size_house import SizeHouse
from end_to_end.house import PASSWORD, USER, Process, wait_until
from legwatch.contract.window import encode_window
from legwatch.testing import live_window

BED = "legwatch/v1/anna"
ACCOUNT = (USER, PASSWORD)
HUGE = b"x" * 170_000_000
FOUR_KB = 4000
HEADERS_BYTES = 60_000
Attack = Callable[[SizeHouse, mqtt.Client], None]


def huge(channel: str, *, retain: bool = False, qos: int = 1) -> Attack:
    """Publish 170 MB on a bed's own topic."""

    def attack(house: SizeHouse, client: mqtt.Client) -> None:
        del client
        publish(house.port, ACCOUNT, f"{BED}/{channel}", HUGE, qos=qos, retain=retain)
        time.sleep(2.5)
        if retain:
            clear = house.publisher()
            clear.publish(f"{BED}/{channel}", b"", qos=1, retain=True).wait_for_publish(5)
            clear.disconnect()
            clear.loop_stop()

    return attack


def huge_while_away(house: SizeHouse, client: mqtt.Client) -> None:
    """Publish 170 MB while the server is away: its session at the broker keeps them."""
    del client
    server = server_of(house)
    server.stop()
    publish(house.port, ACCOUNT, f"{BED}/window", HUGE, qos=1, retain=False)
    house.server()
    time.sleep(2)


def huge_for_the_agent(house: SizeHouse, client: mqtt.Client) -> None:
    """Publish 170 MB on the topics that an agent reads, and keep them there."""
    del client
    bed = "guarded"
    with house.live_agent(bed) as agent:
        for channel in ("stored", "cmd"):
            name = f"legwatch/v1/{bed}/{channel}"
            publish(house.port, ACCOUNT, name, HUGE, qos=1, retain=True)
            time.sleep(2)  # each by itself: a broker without limits is busy with one for long
        before = house.windows_of(bed)
        wait_until(lambda: house.windows_of(bed) > before + 1, "windows after it", 15)
        assert agent.code is None, "the agent was ended"
        for channel in ("stored", "cmd"):
            name = f"legwatch/v1/{bed}/{channel}"
            publish(house.port, ACCOUNT, name, b"", qos=1, retain=True)


def locked_store(a_second: int, for_s: float) -> Attack:
    """Send a flood while the server cannot write its database."""

    def attack(house: SizeHouse, client: mqtt.Client) -> None:
        path = house.folder / "server" / "legwatch.db"
        dice = random.Random(24)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as store:
            store.execute("BEGIN IMMEDIATE")
            for qos in (0, 1):
                body = partial(dice.randbytes, FOUR_KB)
                _paced(client, a_second, for_s / 2, body, qos=qos)
            store.execute("ROLLBACK")
        _drained(house)

    return attack


def _drained(house: SizeHouse) -> None:
    """Wait until the server has worked off what the broker has kept."""
    before, end_s = -1, time.monotonic() + 60
    while time.monotonic() < end_s:
        report = house.health()
        now = int(report.get("counters", {}).get("quarantined", -1))
        if now == before and report.get("queue") == 0:
            return
        before = now
        time.sleep(0.5)


def unreadable(a_second: int, for_s: float) -> Attack:
    """Send messages of 4 kB that no server can read, each another one."""

    def attack(_house: SizeHouse, client: mqtt.Client) -> None:
        dice = random.Random(24)
        _paced(client, a_second, for_s, lambda: dice.randbytes(FOUR_KB // 2).hex().encode())

    return attack


def refused_by_value(a_second: int, for_s: float) -> Attack:
    """Send windows whose values are wrong, each with a reason of its own."""

    def attack(_house: SizeHouse, client: mqtt.Client) -> None:
        dice, pad = random.Random(24), "p" * FOUR_KB

        def body() -> bytes:
            return json.dumps({**_window(1), "leg_c": dice.uniform(1e3, 1e9), "pad": pad}).encode()

        _paced(client, a_second, for_s, body)

    return attack


def newer_version(a_second: int, for_s: float) -> Attack:
    """Send the night in the spool of an agent that speaks a newer version, at full speed."""

    def attack(_house: SizeHouse, client: mqtt.Client) -> None:
        seqs = iter(range(1, 10**9))
        _paced(
            client, a_second, for_s, lambda: json.dumps({**_window(next(seqs)), "v": 2}).encode()
        )

    return attack


def deep_json(house: SizeHouse, client: mqtt.Client) -> None:
    """Send JSON that is nested as deep as fits in."""
    del house
    for channel in ("window", "event", "info", "status"):
        for payload in (b"[" * 4000, b'{"a":' * 800, b"9" * 4000, b'{"v":' + b"9" * 4000 + b"}"):
            client.publish(f"{BED}/{channel}", payload, qos=1)
    time.sleep(1)


def many_names(most: int, for_s: float) -> Attack:
    """Speak for beds that nobody has, in every channel that makes a bed."""

    def attack(_house: SizeHouse, client: mqtt.Client) -> None:
        numbers = iter(range(10**9))

        def say() -> tuple[str, bytes]:
            number = next(numbers)
            if number % 2:
                return f"legwatch/v1/none-{number}/status", b"online"
            return f"legwatch/v1/none-{number}/window", json.dumps(_window(1)).encode()

        paced(client, int(most / for_s), for_s, say)

    return attack


def many_retained(house: SizeHouse, client: mqtt.Client) -> None:
    """Retain garbage on many topics, and let the server connect to all of it."""
    names = [f"legwatch/v1/kept-{number}/info" for number in range(5000)]
    for name in names:
        client.publish(name, b"g" * FOUR_KB, qos=0, retain=True)
    time.sleep(1)
    server_of(house).stop()
    house.server()
    time.sleep(2)
    for name in names:
        client.publish(name, b"", qos=0, retain=True)
    time.sleep(1)


def unsure_flood(a_second: int, for_s: float) -> Attack:
    """Send messages of QoS 0 as fast as that, each one unreadable: nothing holds them back."""

    def attack(_house: SizeHouse, client: mqtt.Client) -> None:
        _paced(client, a_second, for_s, lambda: b"u" * FOUR_KB, qos=0)

    return attack


def large_headers(house: SizeHouse, client: mqtt.Client) -> None:
    """Open 30 connections, each with 98 headers of 60 kB."""
    del client
    head = b"".join(b"X-%d: %s\r\n" % (n, b"h" * HEADERS_BYTES) for n in range(97))
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(_connection(house)) for _ in range(30)]
        for one in held:
            one.settimeout(2)
            with contextlib.suppress(OSError):
                one.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n" + head)
        for one in held:  # all at once: now their headers are parsed
            with contextlib.suppress(OSError):
                one.sendall(b"\r\n")
        time.sleep(2)


def slow_ones(house: SizeHouse, client: mqtt.Client) -> None:
    """Open 1,024 connections that send a byte now and then, and never finish."""
    del client
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(1024)]
        for one in held:
            one.setblocking(False)  # all at once: whom the server lets wait tries again by itself
            one.connect_ex(("127.0.0.1", house.http_port))
        for byte in b"GET /health HTTP":
            for one in held:
                with contextlib.suppress(OSError):
                    one.send(bytes([byte]))
            time.sleep(0.5)
        assert house.health(), "no health report while slow connections are open"
        pushed = house.push_s(house.spare)
        assert pushed is not None, "no push while slow connections are open"


def endless_body(house: SizeHouse, client: mqtt.Client) -> None:
    """Send bodies that say no size, a wrong one, or never end."""
    del client
    heads = (
        b"POST /answer/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /answer/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /answer/x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n",
        b"G" * 1_000_000,
    )
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(_connection(house)) for _ in range(20)]
        for number, one in enumerate(held):
            one.settimeout(1)
            with contextlib.suppress(OSError):
                one.sendall(heads[number % len(heads)])
                for _ in range(50):
                    one.sendall(b"b" * 100_000)
        time.sleep(1)


@contextlib.contextmanager
def _connection(house: SizeHouse) -> Iterator[socket.socket]:
    made = socket.create_connection(("127.0.0.1", house.http_port), timeout=5)
    try:
        yield made
    finally:
        made.close()


def _window(seq: int) -> dict[str, Any]:
    now_ms = time.time_ns() // 1_000_000
    return dict(json.loads(encode_window(live_window(seq, now_ms, leg_c=31.0))))


def _paced(
    client: mqtt.Client, a_second: int, for_s: float, body: Callable[[], bytes], qos: int = 1
) -> None:
    paced(client, a_second, for_s, lambda: (f"{BED}/window", body()), qos)


def paced(
    client: mqtt.Client,
    a_second: int,
    for_s: float,
    say: Callable[[], tuple[str, bytes]],
    qos: int = 1,
) -> None:
    begun_s = time.monotonic()
    for number in range(int(a_second * for_s)):
        topic, payload = say()
        client.publish(topic, payload, qos=qos)
        ahead_s = begun_s + number / a_second - time.monotonic()
        if ahead_s > 0.01:  # sleeping less is not worth it
            time.sleep(ahead_s)


def server_of(house: SizeHouse) -> Process:
    """Return the server as it runs now."""
    return [one for one in house.processes if one.log.name == "server.log"][-1]
