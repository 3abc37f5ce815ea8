"""More of what is too large, too slow or too much: at the web server, the broker and the agent."""

import contextlib
import itertools
import json
import socket
import struct
import time
from collections.abc import Iterator

import paho.mqtt.client as mqtt

from campaigns.memory_limit import resident_bytes
from campaigns.size_attacks import BED, Attack, paced
from campaigns.size_house import SizeHouse
from end_to_end.house import wait_until
from legwatch.contract.bedside_command import Cmd, Command, encode_command
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.confirmation import Stored, encode_stored
from legwatch.contract.press import Press, encode_press

ASK = b"GET /health HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /answer/x HTTP/1.1\r\nHost: x\r\n"
ODD = {
    "many small header lines": ASK + b"a:\r\n" * 3000 + b"\r\n",
    "header lines without a colon": ASK + b"a\r\n" * 3000 + b"\r\n",
    "one header, folded a thousand times": ASK + b"X: y\r\n" + b" z\r\n" * 1000 + b"\r\n",
    "requests one after the other": (ASK + b"\r\n") * 300,
    "chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 1000,
    "a chunk of no end": POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    "two lengths": POST + b"Content-Length: 4\r\nContent-Length: 4000\r\n\r\nabcd",
    "waiting for a go": POST + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    "no text": bytes(range(256)) * 60 + b"\r\n\r\n",
    "no version": b"GET " + b"/" * 9000 + b"\r\n\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9000,
}
AGENT_GROWS_BYTES = 16 << 20


def odd_requests(house: SizeHouse, client: mqtt.Client) -> None:
    """Ask in ways that no browser does, 40 times each."""
    del client
    for name, request in ODD.items():
        with _connections(house, 40) as lines:
            for line in lines:
                with contextlib.suppress(OSError):
                    line.sendall(request)
            assert house.health(), f"no health report after {name}"


def slow_readers(house: SizeHouse, client: mqtt.Client) -> None:
    """Ask for the longest pages, and read none of the answers."""
    del client
    with _connections(house, 200, buffer_bytes=2048) as lines:
        for number, line in enumerate(lines):
            with contextlib.suppress(OSError):
                line.sendall(b"GET /%s HTTP/1.1\r\n\r\n" % (b"metrics", b"health")[number % 2])
        for _ in range(5):
            assert house.health(), "no health report while nobody reads the answers"
            time.sleep(0.5)


def half_open(house: SizeHouse, client: mqtt.Client) -> None:
    """Open connections and leave them: silent, closed in one direction, or reset."""
    del client
    for _ in range(3):
        with _connections(house, 150) as lines:
            for number, line in enumerate(lines):
                with contextlib.suppress(OSError):
                    if number % 3 == 1:
                        line.sendall(ASK)
                        line.shutdown(socket.SHUT_WR)
                    elif number % 3 == 2:
                        line.sendall(ASK)
                        line.setsockopt(
                            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                        )
                        line.close()
            assert house.health(), "no health report beside half-open connections"


def half_open_at_the_broker(house: SizeHouse, client: mqtt.Client) -> None:
    """Take all the broker's connections without a word: who is connected must not feel it."""
    del client
    with contextlib.ExitStack() as stack:
        for number in range(1100):
            line = stack.enter_context(socket.socket())
            line.setblocking(False)
            line.connect_ex(("127.0.0.1", house.port))
            if number % 2:
                with contextlib.suppress(OSError):
                    line.send(b"\x10\xff\xff\xff\x7f")  # a word of 256 MB begins
        time.sleep(2)
        pushed = house.push_s(house.spare)
        assert pushed is not None, "no push beside half-open connections at the broker"


def long_topics(house: SizeHouse, client: mqtt.Client) -> None:
    """Speak for beds whose names have 60 kB."""
    del house
    for number in range(400):
        for channel in ("window", "status"):
            name = f"legwatch/v1/{number:06}{'n' * 60_000}/{channel}"
            client.publish(name, b"x" * 1000, qos=number % 2)
        time.sleep(0.01)
    time.sleep(1)


def valid(channel: str, a_second: int, for_s: float) -> Attack:
    """Send what is well formed, each another one, faster than any agent does."""
    numbers = itertools.count()

    def body() -> bytes:
        number = next(numbers)
        if channel == "status":
            return b"offline" if number % 2 else b"online"
        if channel == "info":
            sensors = tuple((f"place-{n}-{number}", "x" * 60) for n in range(30))
            return encode_info(BedsideInfo("1", f"{number:08x}", "synced", number, 5, sensors))
        return encode_press(Press(f"{number:016x}", "ack", time.time_ns() // 1_000_000))

    def attack(_house: SizeHouse, client: mqtt.Client) -> None:
        paced(client, a_second, for_s, lambda: (f"{BED}/{channel}", body()))

    return attack


def many_sensors(a_second: int, for_s: float) -> Attack:
    """Say that a bed has more sensors than fit on any bed."""

    def attack(_house: SizeHouse, client: mqtt.Client) -> None:
        numbers = itertools.count()

        def say() -> tuple[str, bytes]:
            sensors = {f"{next(numbers):x}": "" for _ in range(280)}
            return f"{BED}/info", json.dumps({"v": 1, "sensors": sensors}).encode()

        paced(client, a_second, for_s, say)

    return attack


def floods_for_the_agent(a_second: int, for_s: float) -> Attack:
    """Send an agent more commands and confirmations than it can use, right and wrong ones."""

    def attack(house: SizeHouse, client: mqtt.Client) -> None:
        bed = "flooded"
        with house.live_agent(bed) as agent:
            before, size = house.windows_of(bed), resident_bytes(agent.pid)
            numbers = itertools.count()

            def say() -> tuple[str, bytes]:
                number = next(numbers)
                channel = "cmd" if number % 2 else "stored"
                if number % 3 == 0:
                    return f"legwatch/v1/{bed}/{channel}", b"c" * 4000
                said = {
                    "cmd": encode_command(Command(f"{number}", Cmd.IDENTIFY)),
                    "stored": encode_stored(Stored("0" * 8, number, ())),
                }
                return f"legwatch/v1/{bed}/{channel}", said[channel]

            paced(client, a_second, for_s, say)
            wait_until(lambda: house.windows_of(bed) > before + 3, "windows after it", 15)
            assert agent.code is None, "the agent was ended"
            grown = resident_bytes(agent.pid) - size
            assert grown < AGENT_GROWS_BYTES, f"the agent's memory has grown by {grown >> 20} MB"
            assert len(agent.said()) < 1 << 20, "the agent's log has grown"

    return attack


@contextlib.contextmanager
def _connections(
    house: SizeHouse, number: int, buffer_bytes: int = 0
) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.socket()) for _ in range(number)]
        for line in lines:
            if buffer_bytes:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            line.settimeout(0.2)
            with contextlib.suppress(OSError):
                line.connect(("127.0.0.1", house.http_port))
        yield lines
