"""Presses in the agent: none is lost on the way, and each is let go of once it is stored."""

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.contract.confirmation import Stored
from legwatch.contract.press import Press, decode_press, encode_press
from legwatch.contract.topics import Channel
from legwatch_device.broker_link import LinkUp, PubAck
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent

OLDER = Stored("0000000f", 0)  # the word of a server that tells nothing of presses
NEWER = Stored("0000000f", 0, ())


def press(ident: str) -> Press:
    return Press(ident, "ack", 5)


def test_a_press_is_an_event_with_its_own_id_and_time(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1), Press("p1", "cramp", 1_767_394_800_123))
    body = json.loads(bed.link.payloads(Channel.EVENT)[0])
    assert body == {"v": 1, "id": "p1", "button": "cramp", "at_ms": 1_767_394_800_123}


def test_a_press_is_kept_until_the_server_has_it(tmp_path: Path, spool: Spool) -> None:
    InProcessAgent(spool).turn(press("p1"), press("p2"))
    spool.close()
    bed = InProcessAgent(Spool(tmp_path / "spool.db"))
    bed.turn(LinkUp(1), NEWER)
    assert bed.link.presses() == ["p1", "p2"]
    bed.turn(*[PubAck(encode_press(press(ident))) for ident in ("p1", "p2")])
    assert bed.spool.presses_waiting() == 2  # a broker can lose what it has taken
    bed.turn(Stored("0000000f", 0, ("p0", "p1")))
    assert [decode_press(kept.payload).id for kept in bed.spool.presses()] == ["p2"]
    bed.clock.advance(11_000)
    bed.turn()
    assert bed.link.presses() == ["p1", "p2", "p2"]  # on the same connection, too
    bed.turn(Stored("0000000f", 0, ("p1", "p2")))
    bed.clock.advance(400_000)
    bed.turn(LinkUp(2))
    assert bed.link.presses() == ["p1", "p2", "p2"]
    bed.spool.close()


def test_presses_are_sent_again_while_windows_are_confirmed_all_the_time(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1), press("p1"), NEWER)
    for seq in range(1, 5):
        bed.turn(bed.window(after_ms=4_000), Stored("0000000a", seq, ()))
    assert bed.link.presses() == ["p1", "p1"]


def test_a_press_that_nobody_can_read_is_let_go_of(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    bed = InProcessAgent(spool)
    spool.put([], (), [(0, b'{"v":1,"id":"p0"'), (0, encode_press(press("p1")))])
    bed.turn(LinkUp(1), Stored("0000000f", 0, ("p9",)))
    assert [decode_press(kept.payload).id for kept in spool.presses()] == ["p1"]
    assert "cannot be read" in caplog.text


def test_before_the_servers_first_word_the_brokers_is_only_noted(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(press("p1"), LinkUp(1), PubAck(encode_press(press("p1"))))
    assert spool.presses_waiting() == 1
    bed.turn(NEWER)
    assert spool.presses_waiting() == 1
    other = InProcessAgent(spool)
    other.turn(LinkUp(1), PubAck(encode_press(press("p1"))), OLDER)
    assert spool.presses_waiting() == 0


def test_while_the_server_is_away_messages_are_sent_again_more_and_more_seldom(
    spool: Spool,
) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1), NEWER, bed.window(), press("p1"))
    for _ in range(8 * 360):  # eight hours, looked at every ten seconds
        bed.clock.advance(10_000)
        bed.turn()
    windows = bed.link.order().count("W")
    assert 90 < windows < 110
    bed.turn(NEWER)  # it is back
    bed.clock.advance(11_000)
    bed.turn()
    assert bed.link.order().count("W") == windows + 1
    assert bed.link.presses()[-1] == "p1"


def test_with_an_older_server_a_press_is_kept_until_the_broker_has_taken_it(
    tmp_path: Path, spool: Spool
) -> None:
    InProcessAgent(spool).turn(press("p1"))
    spool.close()
    bed = InProcessAgent(Spool(tmp_path / "spool.db"))
    bed.turn(LinkUp(1), OLDER)
    assert bed.link.presses() == ["p1"]
    assert bed.spool.presses_waiting() == 1
    bed.turn(LinkUp(2))
    assert bed.link.presses() == ["p1", "p1"]
    bed.turn(PubAck(encode_press(press("p1"))))
    assert bed.spool.presses_waiting() == 0
    bed.turn(LinkUp(3))
    assert bed.link.presses() == ["p1", "p1"]
    bed.spool.close()


def test_with_an_older_server_a_press_is_sent_once_on_a_connection(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1), OLDER, press("p1"), bed.window())
    for _ in range(3):
        bed.clock.advance(90_000)  # no progress: the windows are sent again
        bed.turn()
    assert bed.link.presses() == ["p1"]
    assert bed.link.order().count("W") == 4


def test_a_full_disk_keeps_presses_in_memory(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    bed = InProcessAgent(spool)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(spool, "put", full)
    bed.turn(bed.window(), press("p1"), bed.window())
    monkeypatch.undo()
    bed.turn(LinkUp(1))
    assert bed.link.order() == "WEW"
    bed.turn(Stored("0000000f", 0, ("p1",)), LinkUp(2))
    assert bed.link.presses() == ["p1"]


def test_the_same_press_of_a_recording_is_kept_once(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(press("p1"))
    bed.turn(press("p1"))
    assert spool.presses_waiting() == 1


def test_a_press_of_the_last_moment_is_kept(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.run_out(press("p1"))
    assert spool.presses_waiting() == 1


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["press", "connect", "drop", "take", "window", "die", "tell"])),
    st.booleans(),
)
def test_whatever_happens_each_press_is_kept_until_it_is_taken(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str], telling: bool
) -> None:
    """Taken by the server where it tells of presses, by the broker where it does not."""
    path = tmp_path_factory.mktemp("spool") / "s.db"
    bed, pressed, taken = InProcessAgent(Spool(path)), 0, set()
    for act in acts:
        match act:
            case "press":
                pressed += 1
                bed.turn(press(str(pressed)))
            case "connect":
                bed.turn(LinkUp(1))
            case "drop":
                bed.link.up = False
            case "take":
                first = bed.link.presses()[:1]
                taken |= set(first)
                bed.turn(*[PubAck(payload) for payload in bed.link.payloads(Channel.EVENT)[:1]])
                bed.turn(Stored("0000000f", 0, tuple(first)) if telling else OLDER)
            case "tell":
                bed.turn(NEWER if telling else OLDER)
            case "window":
                bed.turn(bed.window())
            case "die":
                bed.run_out()
                bed.spool.close()
                bed = InProcessAgent(Spool(path), boot=f"{pressed:08x}")
    bed.run_out()
    kept = [decode_press(p.payload).id for p in bed.spool.presses()]
    assert kept == [str(n) for n in range(1, pressed + 1) if str(n) not in taken]
    fresh = InProcessAgent(bed.spool)
    fresh.turn(LinkUp(1))
    assert fresh.link.presses() == kept
    bed.spool.close()
