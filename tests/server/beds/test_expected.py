"""A bed that the settings declare is missed, also if no word has ever come from it."""

from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.settings import load
from legwatch.testing import live_window
from legwatch_server.beds.expected import counted, silent, unheard
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer
from server.ward import MINUTE_MS, open_ward

NEVER = "No word has come from the bedside yet"
OPEN = {"zone": "UTC", "rules": {"alerts.learn_nights": 0}, "rehearsal": {"at": ""}}
WARM = {"leg_c": 31.0, "room_c": 18.0, "moves": 0, "in_bed": True}


def well(_minute: float) -> dict[str, Any]:
    return WARM


def ward(folder: Path, **more: Any) -> InProcessServer:
    server = open_ward(folder, **{"beds": {"b": {}}, **more})
    server.turn()
    return server


def wait(server: InProcessServer, minutes: float) -> None:
    """Let time go by as the writer does: it looks at the beds that are due each minute."""
    for _ in range(int(minutes)):
        server.run_to(server.clock.now_ms + MINUTE_MS)


def loud(server: InProcessServer) -> list[tuple[float, str, str]]:
    return [
        (minute, push.bed, push.text)
        for minute, _, push in server.pushes.arrived
        if push.purpose == "loud"
    ]


def wrong(server: InProcessServer) -> list[str]:
    return list(unheard(server.unit.beds.values()))


@pytest.mark.parametrize("learn_nights", [0, 7])
def test_a_declared_bed_that_is_never_heard_is_told_as_a_silent_one(
    learn_nights: int, tmp_path: Path
) -> None:
    server = ward(tmp_path, rules={"alerts.learn_nights": learn_nights})
    wait(server, 14)
    assert (loud(server), wrong(server)) == ([], [])
    wait(server, 4)
    (minute, bed, text) = loud(server)[0]
    assert 15 <= minute <= 16.5
    assert (bed, NEVER in text, "15 min" in text) == ("b", True, True)
    assert "no word has ever come from bed b" in wrong(server)[0]
    server.close()


def test_a_bed_declared_while_the_server_runs_is_expected_from_then_on(tmp_path: Path) -> None:
    server = open_ward(tmp_path)
    wait(server, 10)
    server.take_over(load(ServerSettings, {"zone": "UTC", "beds": {"new": {}}}))
    wait(server, 18)
    (minute, bed, _) = loud(server)[0]
    assert 25 <= minute <= 26.5
    assert bed == "new"
    server.close()


def test_its_first_window_ends_the_alert(tmp_path: Path) -> None:
    server = ward(tmp_path)
    wait(server, 18)
    server.play("b", 17, well)
    assert server.transitions("agent") == ["fired", "resolved"]
    assert wrong(server) == []
    server.close()


@pytest.mark.parametrize("waited", [0, 9])
def test_an_expected_bed_that_is_heard_in_time_is_as_if_it_had_not_been_expected(
    tmp_path: Path, waited: int
) -> None:
    states = []
    named: tuple[tuple[str, dict[str, Any]], ...] = (("declared", {"b": {}}), ("not", {}))
    for name, beds in named:
        (tmp_path / name).mkdir()
        server = ward(tmp_path / name, beds=beds)
        wait(server, waited)
        server.begin_ms = server.clock.now_ms
        for minute in range(4):
            server.feed("b", minute, well)
        states.append(server.unit.beds["b"].state)
        server.close()
    assert states[0] == states[1]


@pytest.mark.slow  # a day
def test_by_day_it_waits_for_the_night(tmp_path: Path) -> None:
    server = open_ward(tmp_path, beds={"b": {}})
    server.clock.advance(14 * 60 * MINUTE_MS)  # 11:00; its first turn comes only now
    wait(server, 60)
    assert loud(server) == []
    wait(server, 10 * 60)
    (_, _, text) = loud(server)[0]
    assert NEVER in text
    server.close()


def test_a_restart_does_not_begin_its_time_anew(tmp_path: Path) -> None:
    server = ward(tmp_path)
    wait(server, 10)
    server.restart()
    wait(server, 8)
    assert len(loud(server)) == 1
    server.restart()
    wait(server, 30)
    assert len(loud(server)) == 1  # told, and not again
    server.close()


def test_a_played_bed_and_one_that_nobody_declares_are_not_expected(tmp_path: Path) -> None:
    server = ward(tmp_path, beds={"tape": {"played": True}})
    wait(server, 40)
    assert server.unit.beds == {}
    server.close()


def test_a_bed_that_is_no_longer_declared_is_no_longer_missed(tmp_path: Path) -> None:
    server = ward(tmp_path)
    wait(server, 18)
    server.take_over(load(ServerSettings, {"zone": "UTC", "rehearsal": {"at": ""}}))
    wait(server, 8 * 60)
    assert server.transitions("agent") == ["fired", "resolved"]
    last = server.pushes.arrived[-1].push
    assert (last.title, last.purpose) == ("The bed is not expected any more", "info")
    assert wrong(server) == []
    server.close()


@pytest.mark.parametrize("word", ["online", "info", "late"])
def test_an_agent_that_says_something_but_sends_no_window_of_now_is_missed(
    tmp_path: Path, word: str
) -> None:
    server = open_ward(tmp_path)
    now_ms = server.clock.now_ms
    name, payload = {
        "online": (Channel.STATUS, b"online"),
        "info": (Channel.INFO, encode_info(BedsideInfo("1", "0000000a", window_s=10))),
        "late": (Channel.WINDOW, encode_window(live_window(1, now_ms - 40 * MINUTE_MS))),
    }[word]
    server.turn([server.message(topic("b", name), payload)])
    wait(server, 18)
    assert [bed for _, bed, _ in loud(server)] == ["b"]
    server.close()


def test_the_start_says_which_beds_are_declared_and_which_were_heard(tmp_path: Path) -> None:
    beds = {"b": {}, "c": {}, "gone": {"ended": True}}
    server, settings = ward(tmp_path, beds=beds), load(ServerSettings, {"beds": beds})

    def said() -> str:
        return counted(settings, server.unit.beds.values())

    assert said() == "beds declared: 2 (b, c); heard before: none"
    window = encode_window(live_window(1, server.clock.now_ms))
    server.turn([server.message(topic("b", Channel.WINDOW), window)])
    assert said() == "beds declared: 2 (b, c); heard before: 1 (b)"
    assert counted(load(ServerSettings, {}), ()) == "beds declared: none; heard before: none"
    many = load(ServerSettings, {"beds": {f"b{n}": {} for n in range(7)}})
    assert counted(many, ()) == (
        "beds declared: 7 (b0, b1, b2, b3, b4 and 2 more); heard before: none"
    )
    server.close()


def test_a_bedside_that_is_back_is_called_silent_no_more_before_its_minute_is_over(
    tmp_path: Path,
) -> None:
    server = ward(tmp_path)
    server.play("b", 3, well)
    wait(server, 20)
    server.clock.advance(5_000)
    (was,) = silent(server.unit.beds.values())
    assert was.startswith("no word from bed b for 19 min")
    now_ms = server.clock.now_ms
    window = encode_window(live_window((now_ms - server.begin_ms) // 10_000, now_ms))
    server.turn([server.message(topic("b", Channel.WINDOW), window)])
    assert list(silent(server.unit.beds.values())) == []
    with server.store.reader() as reader:  # what the commands beside the server read
        (last,) = reader.last_seen()
        assert last.seen_ms == now_ms
    server.close()


PLAYS = BedsideInfo("1", "0000000b", window_s=10, sensors=(("all", "recorded"),))


@pytest.mark.parametrize("word", ["online", "info", ""])
def test_an_agent_of_recordings_is_not_missed_at_the_next_start_where_no_window_was_played(
    tmp_path: Path, word: str
) -> None:
    server = ward(tmp_path, beds={"b": {"played": True}})
    words = {
        "online": (Channel.STATUS, b"online"),
        "info": (Channel.INFO, encode_info(PLAYS)),
    }
    server.turn([server.message(topic("b", name), payload) for name, payload in words.values()])
    server.take_over(load(ServerSettings, OPEN))
    server.close()
    server.start()
    if word:  # a broker keeps both
        name, payload = words[word]
        server.turn([server.message(topic("b", name), payload, retained=True)])
    wait(server, 30)
    assert loud(server) == []
    server.take_over(load(ServerSettings, {**OPEN, "beds": {"b": {}}}))  # it is to send live
    wait(server, 18)
    assert [bed for _, bed, _ in loud(server)] == ["b"]
    server.close()


@pytest.mark.parametrize("restarts", [False, True])
def test_a_bed_that_played_a_recording_and_is_declared_live_is_missed_from_then_on(
    restarts: bool, tmp_path: Path
) -> None:
    server = ward(tmp_path, beds={"b": {"played": True}})
    month_ms = 30 * 24 * 60 * MINUTE_MS
    for n in range(1, 60):
        window = live_window(n, server.begin_ms - month_ms + n * 10_000, **well(n))
        played = encode_window(window._replace(boot="0000000b", clock="played"))
        server.turn([server.message(topic("b", Channel.WINDOW), played)])
    wait(server, 20)
    assert loud(server) == []
    server.take_over(load(ServerSettings, {**OPEN, "beds": {"b": {}}}))
    if restarts:
        server.close()
        server.start()
    wait(server, 14)
    assert loud(server) == []
    wait(server, 4)
    ((_, bed, text),) = loud(server)
    assert (bed, "15 min" in text) == ("b", True)
    assert list(silent(server.unit.beds.values())) != []
    server.begin_ms = server.clock.now_ms
    server.play("b", 17, well)
    assert server.transitions("agent") == ["fired", "resolved"]
    server.close()
