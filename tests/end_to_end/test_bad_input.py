"""Whatever arrives, the good windows are stored, and the bad messages are counted and kept."""

import json
import time
from itertools import pairwise
from typing import Any

import paho.mqtt.client as mqtt

from end_to_end.house import House, wait_until

BOOT = "aaaaaaaa"
TEN_S = 10_000


def window(seq: int, **other: Any) -> dict[str, Any]:
    """Return the body of a good window that was measured just now."""
    to_ms = time.time_ns() // 1_000_000
    body = {
        "v": 1,
        "boot": BOOT,
        "seq": seq,
        "from_ms": to_ms - TEN_S,
        "to_ms": to_ms,
        "mono_ms": seq * TEN_S,
        "clock": "synced",
        "leg_c": 31.0,
        "room_c": 18.0,
        "moves": 0,
        "low": 1,
        "age_ms": 0,
    }
    return body | other


def without(body: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}


def bad_payloads() -> list[bytes]:
    bodies: list[Any] = [
        [],
        "window",
        window(900, v=2),
        window(901, v="1"),
        window(902, boot="no hex"),
        window(903) | {"seq": "7"},
        window(904) | {"seq": -1},
        window(905) | {"seq": True},
        window(906, leg_c="31"),
        window(912, moves=1.5),
        window(913, in_bed=1),
        window(914, clock="sundial"),
        window(915, faults={"leg": 7}),
        window(916, to_ms=0),
        window(917, from_ms=10**15, to_ms=10**15 + TEN_S),
        without(window(918), "seq"),
        without(window(919), "to_ms"),
        window(920, pad="x" * 20_000),
    ]
    return [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"null",
        b"[" * 3000,
        *(json.dumps(body).encode() for body in bodies),
    ]


# A number that no sensor can give is a fault of its sensor alone.
OUT_OF_RANGE: list[dict[str, Any]] = [
    {"leg_c": float("nan")},
    {"leg_c": float("inf")},
    {"leg_c": 1e300},
    {"room_c": -300},
    {"leg_rh": 101.7},
    {"moves": -1},
]


def send(client: mqtt.Client, body: object, bed: str = "anna", channel: str = "window") -> None:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    client.publish(f"legwatch/v1/{bed}/{channel}", payload, qos=1)


def test_a_reading_that_cannot_be_voids_no_window(house: House) -> None:
    house.broker()
    house.server()
    client = house.publisher()
    for number, reading in enumerate(OUT_OF_RANGE, start=1):
        send(client, window(number, **reading))
    house.wait_windows(len(OUT_OF_RANGE))
    client.disconnect()
    client.loop_stop()
    assert house.count("quarantine") == 0
    assert house.count("windows", "faults LIKE '%out_of_range%'") == len(OUT_OF_RANGE)
    assert house.count("windows", "leg_c IS NULL AND room_c=18") == 3


def test_bad_messages_do_not_stop_good_ones(house: House) -> None:
    house.broker()
    server = house.server()
    client = house.publisher()
    bad = bad_payloads()
    for number, payload in enumerate(bad, start=1):
        send(client, payload)
        send(client, window(number))
    send(client, window(1), bed="Not A Bed")
    send(client, b"{", channel="event")
    send(client, b"\xff", channel="info")
    send(client, b"perhaps", channel="status")
    send(client, window(len(bad) + 1))
    good = len(bad) + 1
    house.wait_windows(good)
    wait_until(lambda: house.count("quarantine") >= len(bad) + 1, "the bad ones to be kept")
    client.disconnect()
    client.loop_stop()
    assert [(n,) for n in range(1, good + 1)] == house.rows("SELECT seq FROM windows ORDER BY seq")
    assert house.count("quarantine", "length(payload) > 4096") == 0
    assert house.count("quarantine", "why = '' OR why IS NULL") == 0
    assert server.code is None


def test_duplicates_and_disorder_store_each_window_once(house: House) -> None:
    house.broker()
    server = house.server()
    client = house.publisher()
    order = [3, 1, 2, 2, 5, 4, 1, 3, 8, 7, 6, 8, 8]
    for seq in order:
        send(client, window(seq))
    send(client, window(1, boot="bbbbbbbb"))
    send(client, window(9))  # the boot from before is back
    send(client, window(10))
    house.wait_windows(11)
    client.disconnect()
    client.loop_stop()
    server.stop()  # a clean end stores what was counted since the last minute
    by_boot = house.rows(
        "SELECT boot, count(*), count(DISTINCT seq), upto FROM windows"
        " JOIN boots ON boots.id = boot_id GROUP BY boot ORDER BY boot"
    )
    assert by_boot == [(BOOT, 10, 10, 10), ("bbbbbbbb", 1, 1, 1)]


def test_clocks_of_1970_and_2099_are_placed_by_arrival(house: House) -> None:
    house.broker()
    house.server()
    client = house.publisher()
    y2099 = 4_070_908_800_000
    send(client, window(1, from_ms=0, to_ms=TEN_S))
    send(client, window(2, from_ms=y2099, to_ms=y2099 + TEN_S))
    send(client, window(3, from_ms=0, to_ms=TEN_S, clock="unsynced"))
    send(client, window(4))
    house.wait_windows(4)
    client.disconnect()
    client.loop_stop()
    now_ms = time.time_ns() // 1_000_000
    placed = house.rows("SELECT seq, to_ms FROM windows ORDER BY seq")
    assert [seq for seq, _ in placed] == [1, 2, 3, 4]
    assert all(abs(now_ms - to_ms) < 120_000 for _, to_ms in placed)


def test_what_waited_at_the_broker_without_a_clock_is_not_of_one_minute(house: House) -> None:
    """254 windows of a bedside that does not know the time, sent while no server was there."""
    house.broker()
    house.server().stop()
    client = house.publisher()
    for seq in range(1, 255):
        up_ms = 100_000 + seq * TEN_S
        body = {"from_ms": seq * TEN_S, "to_ms": (seq + 1) * TEN_S, "mono_ms": up_ms, "leg_c": 20.0}
        send(client, window(seq, clock="unsynced", **body))
    client.publish("tests/end", b"", qos=1).wait_for_publish(60)
    client.disconnect()
    client.loop_stop()
    house.server()
    house.wait_windows(254)
    rows = house.rows("SELECT to_ms, late FROM windows ORDER BY seq")
    assert [b - a for (a, _), (b, _) in pairwise(rows)] == [TEN_S] * 253
    ((arrived_ms,),) = house.rows("SELECT max(arrived_ms) FROM windows")
    assert 0 <= arrived_ms - rows[-1][0] < TEN_S
    assert house.count("notices", "kind IN ('cold', 'still')") == 0


def test_old_news_is_stored_but_wakes_nobody(house: House) -> None:
    """An hour of cold legs that arrives a day later."""
    house.broker()
    house.server()
    client = house.publisher()
    day_ms = 86_400_000
    now_ms = time.time_ns() // 1_000_000
    for seq in range(1, 721):
        to_ms = now_ms - day_ms + seq * TEN_S
        celsius = 31.0 if seq < 400 else 19.0
        body = window(seq, from_ms=to_ms - TEN_S, to_ms=to_ms, leg_c=celsius, moves=seq % 2)
        send(client, body | {"age_ms": now_ms - to_ms, "in_bed": True})
    house.wait_windows(720)
    client.disconnect()
    client.loop_stop()
    assert house.count("windows", "late = 1") == 720
    assert house.count("notices", "kind = 'cold'") == 0
