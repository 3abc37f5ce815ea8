"""The server hears an agent's `info` and `status`: losses and a bedside that is gone are said."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from legwatch.bedside import Bedside
from legwatch.contract.bedside_info import BedsideInfo, decode_info, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch_server.notify.channels import Retryable
from legwatch_server.testing import InProcessServer
from server.ward import MINUTE_MS, open_ward

PEOPLE = {
    "anna": {"role": "sleeper", "channels": ["phone"]},
    "bert": {"role": "carer", "channels": ["pager"]},
}
WARM = {"leg_c": 31.0, "room_c": 18.0, "moves": 0, "in_bed": True}


def well(_minute: float) -> dict[str, Any]:
    return WARM


def ward(folder: Path) -> InProcessServer:
    return open_ward(folder, people=PEOPLE)


def hears(server: InProcessServer, channel: Channel, payload: bytes, *, kept: bool = False) -> None:
    server.turn([server.message(topic("b", channel), payload, retained=kept)])
    server.settle()


def lost(windows: int) -> bytes:
    return encode_info(BedsideInfo("0.1.0", "0000000a", lost=windows, window_s=10))


def said(server: InProcessServer) -> list[tuple[str, str, str]]:
    """Return (person's channel, purpose, title) of every push."""
    return [(channel, push.purpose, push.title) for _, channel, push in server.pushes.arrived]


def test_a_bedside_that_is_gone_at_night_is_said_without_a_sound_after_five_minutes(
    tmp_path: Path,
) -> None:
    server = ward(tmp_path)
    server.play("b", 30, well)
    hears(server, Channel.STATUS, b"offline")
    server.run_to(server.clock.now_ms + 4 * MINUTE_MS)
    assert said(server) == []
    server.run_to(server.clock.now_ms + 3 * MINUTE_MS)
    title = "The bedside is off"
    assert said(server) == [("phone", "quiet", title), ("pager", "quiet", title)]
    server.run_to(server.clock.now_ms + 10 * MINUTE_MS)
    assert {purpose for _, purpose, _ in said(server)[2:]} == {"loud"}  # the alert as before
    server.close()


def test_a_bedside_that_comes_back_in_time_is_not_said(tmp_path: Path) -> None:
    for back in ("online", "window"):
        (tmp_path / back).mkdir()
        server = ward(tmp_path / back)
        server.play("b", 30, well)
        hears(server, Channel.STATUS, b"offline")
        server.run_to(server.clock.now_ms + 3 * MINUTE_MS)
        if back == "online":
            hears(server, Channel.STATUS, b"online")
        server.play("b", 5, well)
        assert said(server) == []
        server.close()


def test_the_quiet_word_is_taken_back_when_the_bedside_returns(tmp_path: Path) -> None:
    server = ward(tmp_path)
    server.play("b", 30, well)
    hears(server, Channel.STATUS, b"offline")
    server.run_to(server.clock.now_ms + 7 * MINUTE_MS)
    server.restart()  # what is known of the bedside survives
    hears(server, Channel.STATUS, b"online")
    assert sorted(name for c in server.channels.values() for _, name in c.withdrawn) == ["", ""]
    assert server.transitions("agent") == ["reported", "resolved"]
    server.close()


def test_by_day_and_from_a_message_of_unknown_age_nothing_is_said(tmp_path: Path) -> None:
    for name, kept, hours in (("day", False, 15), ("kept", True, 0)):
        (tmp_path / name).mkdir()
        server = ward(tmp_path / name)
        server.run_to(server.clock.now_ms + hours * 60 * MINUTE_MS)
        server.begin_ms = server.clock.now_ms
        server.feed("b", 0, well)
        hears(server, Channel.STATUS, b"offline", kept=kept)
        server.run_to(server.clock.now_ms + 8 * MINUTE_MS)
        assert said(server) == [], name
        server.close()


def test_lost_windows_are_said_once_with_their_length_and_then_only_what_is_new(
    tmp_path: Path,
) -> None:
    server = ward(tmp_path)
    server.play("b", 2, well)
    hears(server, Channel.INFO, lost(0))
    hears(server, Channel.INFO, lost(720))
    hears(server, Channel.INFO, lost(720))
    hears(server, Channel.INFO, lost(780))  # within hours: counted, and said with the next
    assert said(server) == [
        ("phone", "quiet", "Part of a night was not kept"),
        ("pager", "quiet", "Part of a night was not kept"),
    ]
    assert "2 h of readings" in server.pushes.arrived[0].push.text
    server.restart()
    server.run_to(server.clock.now_ms + 13 * 60 * MINUTE_MS)
    reports = [p.text for _, _, p in server.pushes.arrived if "readings" in p.text]
    assert len(reports) == 4
    assert "drop 10 min of readings" in reports[-1]
    hears(server, Channel.INFO, lost(3))  # a new spool counts anew
    hears(server, Channel.INFO, lost(3))
    assert server.rows("SELECT what, reason FROM notices WHERE what='reported'") == [
        ("reported", "windows_lost"),
        ("reported", "windows_lost"),
    ]
    server.close()


def test_what_was_lost_before_the_first_word_is_old(tmp_path: Path) -> None:
    server = ward(tmp_path)
    server.play("b", 2, well)
    hears(server, Channel.INFO, lost(5000), kept=True)
    assert said(server) == []
    hears(server, Channel.INFO, lost(5060))
    assert "drop 10 min of readings" in server.pushes.arrived[-1].push.text
    server.close()


def test_a_report_that_cannot_be_sent_waits_for_the_line_and_outlives_an_alert(
    tmp_path: Path,
) -> None:
    server = ward(tmp_path)
    server.play("b", 30, well)
    hears(server, Channel.INFO, lost(0))
    for channel in server.channels.values():
        channel.always = Retryable("no internet")
    hears(server, Channel.INFO, lost(720))
    server.run_to(server.clock.now_ms + 45 * MINUTE_MS)  # the alert that no window comes, too
    for channel in server.channels.values():
        channel.always = None
    server.run_to(server.clock.now_ms + 10 * MINUTE_MS)
    titles = [title for _, purpose, title in said(server) if purpose == "quiet"]
    lost_line, lost_night = "Nobody could be reached", "Part of a night was not kept"
    assert sorted(titles) == [lost_line, lost_line, lost_night, lost_night]
    server.close()


def test_a_bedside_that_comes_and_goes_all_night_is_said_once(tmp_path: Path) -> None:
    server = ward(tmp_path)
    server.play("b", 30, well)
    for _ in range(20):
        hears(server, Channel.STATUS, b"offline")
        server.run_to(server.clock.now_ms + 6 * MINUTE_MS)
        hears(server, Channel.STATUS, b"online")
        server.play("b", 4, well)
    assert [title for _, _, title in said(server)].count("The bedside is off") == 2
    server.close()


def test_while_the_alert_fires_there_is_no_report(tmp_path: Path) -> None:
    server = ward(tmp_path)
    server.play("b", 30, well)
    server.run_to(server.clock.now_ms + 20 * MINUTE_MS)
    hears(server, Channel.STATUS, b"offline")
    server.run_to(server.clock.now_ms + 10 * MINUTE_MS)
    assert {purpose for _, purpose, _ in said(server)} == {"loud"}
    server.close()


def test_a_report_goes_to_a_channel_that_can_be_read_and_has_no_buttons(tmp_path: Path) -> None:
    people = {"anna": {"role": "sleeper", "channels": ["phone"], "quiet": ["lamp"]}}
    server = open_ward(tmp_path, people=people)
    server.play("b", 2, well)
    hears(server, Channel.INFO, lost(0))
    hears(server, Channel.INFO, lost(720))
    ((_, channel, push),) = server.pushes.arrived
    assert (channel, push.buttons, push.page) == ("phone", (), "")
    server.close()


def test_two_reports_of_one_moment_do_not_replace_each_other_on_a_phone(tmp_path: Path) -> None:
    server = ward(tmp_path)
    hears(server, Channel.STATUS, b"online")
    hears(server, Channel.INFO, lost(0))
    hears(server, Channel.STATUS, b"offline")
    server.clock.advance(6 * 60_000)
    hears(server, Channel.INFO, lost(720))
    told = server.rows("SELECT reason, at_ms, episode_ms FROM notices WHERE what='reported'")
    assert {row[0] for row in told} == {"windows_lost", "bedside_gone"}
    assert len({at_ms for _, at_ms, _ in told}) == 1
    assert len({episode_ms for _, _, episode_ms in told}) == 2
    hears(server, Channel.STATUS, b"online")  # this is over, and what was lost stays lost
    back = server.rows("SELECT episode_ms FROM notices WHERE what='resolved'")
    assert back == [(episode,) for reason, _, episode in told if reason == "bedside_gone"]
    server.close()


def test_a_bed_that_plays_recordings_has_nothing_to_tell(tmp_path: Path) -> None:
    server = open_ward(tmp_path, people=PEOPLE, beds={"b": {"played": True}})
    hears(server, Channel.INFO, lost(0))
    hears(server, Channel.INFO, lost(720))
    assert said(server) == []
    server.close()


def test_what_another_version_wrote_of_a_bedside_costs_no_alert(tmp_path: Path) -> None:
    server = ward(tmp_path)
    server.play("b", 30, well)
    before = server.unit.beds["b"].state.bed
    server.close()
    with closing(sqlite3.connect(server.path)) as db:
        db.execute("UPDATE beds SET bedside='[1,2,3,4,5,6,7,8,9]'")
        db.commit()
    server.start()
    assert server.unit.beds["b"].state.bed == before
    assert server.unit.beds["b"].bedside == Bedside()
    server.close()


def test_a_new_bed_is_known_to_be_there_from_its_first_word(tmp_path: Path) -> None:
    server = ward(tmp_path)
    hears(server, Channel.STATUS, b"offline", kept=True)
    assert server.unit.beds == {}
    hears(server, Channel.STATUS, b"online")
    assert server.unit.beds["b"].bedside.online
    server.close()


def test_an_info_that_does_not_decode_is_set_aside(tmp_path: Path) -> None:
    server = ward(tmp_path)
    for said_wrong in (
        '"lost":"many"',
        '"sensors":[]',
        '"clock":3',
        '"zone":["UTC"]',
        '"button":1',
        '"lamp":1',
    ):
        hears(server, Channel.INFO, f'{{"v":1,{said_wrong}}}'.encode())
    hears(server, Channel.STATUS, b"perhaps")
    whys = [why for (why,) in server.rows("SELECT why FROM quarantine ORDER BY id")]
    assert [why.split(":")[0] for why in whys] == [
        "lost",
        "sensors",
        "clock",
        "zone",
        "button",
        "lamp",
        "status",
    ]
    server.close()


def test_info_bytes_are_as_ever() -> None:
    info = BedsideInfo("0.1.0", "0000000a", "synced", 3, 10, (("leg", "dht22"),))
    assert json.loads(encode_info(info)) == {
        "v": 1, "version": "0.1.0", "boot": "0000000a", "clock": "synced", "lost": 3,
        "window_s": 10, "sensors": {"leg": "dht22"},
    }  # fmt: skip
    placed = info._replace(zone="Europe/Berlin")
    assert json.loads(encode_info(placed))["zone"] == "Europe/Berlin"
    assert decode_info(encode_info(placed)) == placed
