"""Settings change again and again under a flood of windows: nothing is lost, nothing is doubled."""

import signal
from functools import partial

from end_to_end.house import House, Phones, Process, replayed, wait_until
from end_to_end.test_nothing_lost import (
    assert_all_delivered,
    assert_each_once,
    long_night,
)
from legwatch_server.notify.channels import open_channels
from legwatch_server.settings_file import change, undo

TAKEN, REFUSED = "settings taken over: ", "settings not taken over"


def settings(house: House, phones: Phones, **push: object) -> None:
    table = {"channels": ["ntfy"], "ntfy": {"url": phones.url, "topic": "legs"}, **push}
    house.write_server(push=table)


def test_settings_change_under_load_and_wrong_ones_change_nothing(
    house: House, phones: Phones
) -> None:
    settings(house, phones)
    house.broker()
    server = house.server()
    night = long_night(house.folder)
    agents = [house.agent(bed, night) for bed in ("anna", "bert")]
    for turn in range(1, 16):
        house.wait_windows(turn * 1500)
        before = server.said().count(TAKEN), server.said().count(REFUSED)
        match turn % 3:
            case 0:
                settings(house, phones, give_up_h=1 + turn / 10)
                server.signal(signal.SIGHUP)
            case 1:
                change(house.server_toml, {"push.next_channel_s": 30.0 + turn}, open_channels)
            case 2:  # half a file, as an editor leaves it for a moment
                good = house.server_toml.read_text()
                house.server_toml.write_text(f"{good[: len(good) // 2]}\nzone = [")
                server.signal(signal.SIGHUP)
                wait_until(partial(more, server, REFUSED, before[1]), "the refusal")
                house.server_toml.write_text(good)
        wait_until(partial(more, server, TAKEN, before[0]), "the settings")
    for agent in agents:
        assert agent.wait(120) == 0
    for bed in ("anna", "bert"):
        assert_each_once(house, bed, night)
        assert house.lines(bed) == replayed(night, bed)
    assert_all_delivered(house, phones)
    sent = house.rows(
        "SELECT notice_id, person, channel, tone, count(*) FROM deliveries WHERE notice_id!=0"
        " GROUP BY 1, 2, 3, 4 HAVING count(*)>1"
    )
    assert sent == []  # no alert is planned twice
    assert server.code is None
    assert house.health()["wrong"] == []


def more(server: Process, words: str, than: int) -> bool:
    return server.said().count(words) > than


def test_a_change_by_a_command_is_in_force_within_one_window(house: House, phones: Phones) -> None:
    settings(house, phones)
    house.broker()
    server = house.server()
    change(house.server_toml, {"zone": "Europe/Paris"}, open_channels)
    wait_until(lambda: "settings taken over: zone" in server.said(), "the settings", 10)
    change(house.server_toml, {"mqtt.keepalive_s": 60}, open_channels)
    wait_until(lambda: "when the server starts again: mqtt.keepalive_s" in server.said(), "a word")
    undo(house.server_toml, open_channels)
    undo(house.server_toml, open_channels)
    good = house.server_toml.read_text()
    shift = '[people.zoe]\n[[roster]]\npeople = ["zoe"]\nbeds = ["cellar"]\n'
    house.server_toml.write_text(f"{good}\n{shift}")
    server.signal(signal.SIGHUP)
    wait_until(lambda: "roster[0].beds: no bed 'cellar' has been heard" in server.said(), "why not")
    server.stop()
    assert "Traceback" not in server.said()


def test_a_shift_for_a_bed_that_was_never_heard_does_not_keep_the_server_from_its_start(
    house: House,
) -> None:
    """A new store has heard nothing; the other beds must be watched all the same."""
    shift = {"people": ["anna"], "beds": ["cellar"]}
    house.write_server(people={"anna": {}}, roster=[shift])
    house.broker()
    server = house.server()
    assert "roster[0].beds: no bed 'cellar' has been heard yet" in server.said()
    assert server.code is None
