"""Messages that cannot be read are counted, kept within limits, and somebody hears of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.window import encode_window
from legwatch.errors import NewerVersion
from legwatch_server.beds import decisions
from legwatch_server.beds.quarantine import NEW_AN_HOUR
from legwatch_server.beds.unread import MOST_BEDS
from legwatch_server.inbox import BedExpected
from legwatch_server.store import quarantine
from legwatch_server.testing import InProcessServer
from server.beds.anna import REAL, WINDOW, arriving, count, live, open_server, take, upto
from server.ward import open_ward

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
TOPIC = f"legwatch/v1/{REAL}/window"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_server(tmp_path)
    yield made
    made.close()


def newer(server: InProcessServer, seq: int) -> bytes:
    return json.dumps({**json.loads(encode_window(live(seq, server, low=1))), "v": 2}).encode()


def send(server: InProcessServer, *payloads: bytes, topic: str = TOPIC) -> None:
    server.turn([arriving(server, payload, topic) for payload in payloads])


def concerns(server: InProcessServer) -> list[str]:
    return list(server.unit.unread.concerns())


def kept(server: InProcessServer) -> list[tuple[Any, ...]]:
    return server.rows("SELECT bed, count, length(payload) FROM quarantine ORDER BY id")


def test_a_copy_is_counted_and_not_kept_again(server: InProcessServer) -> None:
    for _ in range(3):
        send(server, b"junk", b"junk", b"other")
        server.clock.advance(1000)
    assert kept(server) == [(REAL, 6, 4), (REAL, 3, 5)]
    first_ms, last_ms = server.rows("SELECT arrived_ms, last_ms FROM quarantine")[0]
    assert last_ms - first_ms == 2000
    server.restart()
    send(server, b"junk")
    assert kept(server)[0] == (REAL, 7, 4)


def test_a_flood_of_one_bed_is_kept_in_part_and_counted_as_a_whole(
    server: InProcessServer,
) -> None:
    take(server, encode_window(live(1, server)))
    send(server, encode_window(live(1, server)))
    flood = [b"%d" % n + b"x" * 4000 for n in range(3000)]
    for begin in range(0, len(flood), 500):
        send(server, *flood[begin : begin + 500])
    send(server, b"whole", topic=WINDOW)
    assert count(server, "quarantine", f"bed='{REAL}'") == quarantine.MOST_OF_A_BED
    assert server.rows(f"SELECT sum(count) FROM quarantine WHERE bed='{REAL}'")[0][0] >= 2999
    assert count(server, "quarantine", "payload = x'77686f6c65'") == 1
    assert server.unit.counters.quarantined == 3001
    pages, size = server.rows("SELECT * FROM pragma_page_count(), pragma_page_size()")[0]
    assert pages * size < 4_000_000
    server.clock.advance(HOUR_MS)
    send(server, b"of the next hour")
    assert count(server, "quarantine", "length(payload) = 16") == 1


def test_strangers_with_many_names_share_what_one_bed_may_fill(
    server: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    names = [f"legwatch/v1/nobody-{n}/window" for n in range(2 * NEW_AN_HOUR)]
    server.turn([arriving(server, b"junk", name) for name in names])
    assert count(server, "quarantine") == NEW_AN_HOUR + 1
    assert server.rows("SELECT sum(count) FROM quarantine") == [(2 * NEW_AN_HOUR,)]
    assert count(server, "beds") == 0
    assert len(concerns(server)) == MOST_BEDS + 1
    for name in names:  # each in a transaction of its own: none of them has a line in the log
        server.turn([arriving(server, b"more junk", name)])
    assert len(caplog.records) <= MOST_BEDS + 1


def test_health_counts_what_could_not_be_read_in_the_last_hour(server: InProcessServer) -> None:
    assert concerns(server) == []
    send(server, b"{")
    assert len(concerns(server)) == 1
    assert concerns(server)[0].startswith(
        "bed real: 1 message in the last hour cannot be read: not JSON"
    )
    server.clock.advance(30 * MINUTE_MS)
    send(server, *([b"["] * 1202))
    assert concerns(server)[0].startswith("bed real: 1,203 messages in the last hour")
    server.clock.advance(31 * MINUTE_MS)
    assert concerns(server)[0].startswith("bed real: 1,202 messages in the last hour")
    server.clock.advance(30 * MINUTE_MS)
    assert concerns(server) == []


def test_a_topic_of_no_bed_is_counted(server: InProcessServer) -> None:
    send(server, b"x", topic="legwatch/v1/No Bed/window")
    assert concerns(server)[0].startswith("topics of no bed: 1 message")


def test_a_newer_version_is_named_counted_and_not_confirmed(server: InProcessServer) -> None:
    send(server, encode_window(live(1, server, low=1)))
    for _ in range(3):  # its night, again and again
        send(server, *(newer(server, seq) for seq in range(2, 102)))
    assert upto(server) == 1  # it keeps its windows until the server is updated
    assert [(bed, times) for bed, times, _ in kept(server)] == [(REAL, 300)]
    assert concerns(server) == [
        "bed real speaks a newer version (v2) than this server: update the server"
    ]
    send(server, *(encode_window(live(seq, server, low=1)) for seq in range(2, 102)))
    assert upto(server) == 101  # and here it is updated: nothing was lost


@pytest.mark.parametrize("version", ["1001", "9" * 400, "1.5", "true", '"2"', "0", "-2"])
def test_what_is_no_version_is_not_called_a_newer_one(
    server: InProcessServer, version: str
) -> None:
    body = json.loads(encode_window(live(1, server)))
    del body["v"]
    send(server, f'{{"v":{version},'.encode() + json.dumps(body)[1:].encode())
    assert "newer" not in concerns(server)[0]
    assert "newer" not in str(server.rows("SELECT why FROM quarantine"))


def test_a_newer_press_stays_at_the_bedside(server: InProcessServer) -> None:
    send(server, encode_window(live(1, server)))
    press = b'{"v":2,"id":"p1","button":"ack","at_ms":1767390000000}'
    send(server, press, topic=f"legwatch/v1/{REAL}/event")
    assert server.broker.last(f"legwatch/v1/{REAL}/stored")["presses"] == []


def test_a_newer_version_says_what_to_do() -> None:
    assert str(NewerVersion(2, 1)) == "v: version 2 is newer than 1: update this program"


def test_only_so_many_beds_come_by_themselves(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "MOST_BEDS", 3)
    for n in range(5):
        send(server, b"online", topic=f"legwatch/v1/new-{n}/status")
    assert count(server, "beds") == 3
    assert count(server, "quarantine", "why LIKE 'a new bed: there are 3 already%'") == 2
    take(server, encode_window(live(1, server)._replace(clock="played")))
    assert count(server, "beds", "name='anna'") == 1  # declared in the settings
    server.turn([BedExpected("late")])  # so is this one
    send(server, b"online", topic="legwatch/v1/late/status")
    assert count(server, "beds", "name='late'") == 1
    assert count(server, "quarantine", "bed='late'") == 0


# ---- what asks for something to be done, until it is done
ADVICE = "clock: a recording; declare it with beds.real.played = true"


def recorded(server: InProcessServer, seq: int) -> bytes:
    return encode_window(live(seq, server, low=1)._replace(clock="played"))


def declare(server: InProcessServer) -> None:
    server.unit.rules.use(server.settings.rules_of, lambda _bed: True)


@pytest.mark.parametrize("heard_before", [False, True])
def test_a_recording_that_is_declared_and_taken_is_no_concern(
    server: InProcessServer, *, heard_before: bool
) -> None:
    if heard_before:
        send(server, encode_window(live(1, server, low=1)))
    send(server, recorded(server, 2))
    server.clock.advance(10_000)
    send(server, recorded(server, 3))
    refused = f"bed real: 2 messages in the last hour cannot be read: {ADVICE}"
    assert concerns(server) == [refused]
    declare(server)
    server.clock.advance(10_000)
    assert concerns(server) == [refused]  # none was taken yet
    send(server, recorded(server, 4))
    assert concerns(server) == []


def test_what_was_unreadable_for_another_reason_is_still_told(server: InProcessServer) -> None:
    send(server, b"{")
    send(server, recorded(server, 2))
    declare(server)
    send(server, recorded(server, 3))
    (junk,) = concerns(server)
    assert junk.startswith("bed real: 1 message in the last hour cannot be read: not JSON")


def test_sensors_in_the_place_of_a_refused_recording_are_no_concern_after_two_minutes(
    server: InProcessServer,
) -> None:
    send(server, recorded(server, 2))
    for seq in range(3, 16):
        server.clock.advance(10_000)
        send(server, encode_window(live(seq, server, low=1)))
    assert concerns(server) == []


def test_a_recording_beside_sensors_of_the_same_bed_is_told_without_a_pause(
    server: InProcessServer,
) -> None:
    for seq in range(1, 60, 2):
        server.clock.advance(5_000)
        send(server, recorded(server, seq))
        server.clock.advance(5_000)
        send(server, encode_window(live(seq + 1, server, low=1)))
        assert ADVICE in concerns(server)[0]


def test_a_bed_that_is_declared_when_there_are_too_many_is_no_concern(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "MOST_BEDS", 0)
    send(server, encode_window(live(1, server, low=1)))
    assert "declare it in the settings" in concerns(server)[0]
    server.turn([BedExpected(REAL)])
    server.clock.advance(120_000)
    send(server, encode_window(live(2, server, low=1)))
    server.clock.advance(60_000)
    assert concerns(server) == []


def test_an_agent_that_speaks_our_version_again_is_no_concern(server: InProcessServer) -> None:
    send(server, newer(server, 1))
    server.clock.advance(120_000)
    send(server, encode_window(live(2, server, low=1)))
    server.clock.advance(60_000)
    assert concerns(server) == []


# ---- what people hear
def lived(ward: InProcessServer, minutes: int, payload: Any, every_s: int = 10) -> None:
    for _ in range(minutes * 60 // every_s):
        ward.clock.advance(every_s * 1000)
        ward.turn([ward.message("legwatch/v1/b/window", payload())])
    ward.settle()


def reports(ward: InProcessServer) -> list[tuple[str, str]]:
    found = [stored.notice for stored in ward.notices()]
    return [(one.transition.value, one.reason.value) for one in found if one.kind == "agent"]


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people={"anna": {"channels": ["phone"]}})
    made.turn([made.message("legwatch/v1/b/status", b"online")])
    yield made
    made.close()


def test_people_hear_once_and_quietly_of_a_bed_whose_windows_cannot_be_read(
    ward: InProcessServer,
) -> None:
    lived(ward, 1, lambda: b"junk")
    assert reports(ward) == []
    lived(ward, 10, lambda: b"junk")
    assert reports(ward) == [("reported", "windows_unread")]
    (push,) = [got.push for got in ward.pushes.arrived]
    assert push.purpose.value == "quiet"
    assert push.title.startswith("The server cannot read the bedside")
    assert push.text.startswith("For 2 min readings have come from the bedside")
    ward.restart()
    lived(ward, 10, lambda: b"junk")
    assert reports(ward) == [("reported", "windows_unread"), ("fired", "never_heard")]
    ward.clock.advance(12 * HOUR_MS)
    lived(ward, 5, lambda: b"junk")
    assert reports(ward).count(("reported", "windows_unread")) == 2


def test_people_hear_that_the_server_is_too_old(ward: InProcessServer) -> None:
    lived(ward, 3, lambda: newer(ward, 1))
    assert reports(ward) == [("reported", "newer_version")]
    (push,) = [got.push for got in ward.pushes.arrived]
    assert "Update the server" in push.text


def test_a_bed_whose_windows_get_through_is_not_told(ward: InProcessServer) -> None:
    seqs = iter(range(1, 1000))
    for _ in range(20):
        lived(ward, 1, lambda: b"junk")
        ward.turn([ward.message("legwatch/v1/b/window", encode_window(live(next(seqs), ward)))])
    assert reports(ward) == []
