"""While the server is silent the bedside tells its sleeper, and nobody is told twice.

First through a real broker with the shipped rights, then at some minutes of a night on one clock;
`campaigns/silent.py` has every minute.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaigns import silent
from campaigns.silent_house import BED, Told, house
from end_to_end.bedroom import BUTTON, Bedroom, Ear, did
from end_to_end.house import PASSWORD, wait_until
from legwatch import engine
from legwatch.contract.bed_rules import BedRules, encode_rules
from legwatch.contract.topics import Channel, topic
from legwatch.limits.rules import always_night
from legwatch.limits.written import as_table
from legwatch.state_codec import encode, to_json
from legwatch.testing import live_window, uncovering
from legwatch_device.kept_rules import NAME
from legwatch_device.spool import Spool
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.profiles import rules_for
from legwatch_runtime.zones import zone_named

MINUTE_MS = 60_000
AFTER_S = 60
RULES = always_night(rules_for("standard", {"alerts.learn_nights": 0}, zone_named("UTC", "zone")))
SENSORS = {
    "leg": {"driver": "simulated", "offset_c": -5.0},  # about 26 °C
    "movement": {"driver": "simulated"},
}


@pytest.fixture
def bedroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mosquitto: None) -> Iterator[Bedroom]:
    monkeypatch.setenv("LEGWATCH_MQTT_PASSWORD", PASSWORD)
    with Bedroom(tmp_path) as made:
        yield made


def about_to_sound() -> bytes:
    """Return what a server hands over of a bed in which the cold alert sounds soon."""
    states = (before_now(windows) for windows in range(450, 400, -3))
    state = next(one for one in states if not one.bed.alerts.cold.notified)
    assert state.bed.alerts.cold.severity is not None
    return encode_rules(BedRules(encode(as_table(RULES)), to_json(state), engine.newest_ms(state)))


def before_now(windows: int) -> engine.BedState:
    """Return the state of a bed after so many windows, the last of which ends now."""
    leg, state = uncovering((60, 90), uncovered_c=25.0), engine.start(trial_over=True)
    now_ms = utc_ms()
    for seq in range(1, windows + 1):
        minute = seq / 6
        moves, air_c = (1 if minute % 20 < 0.1 else 0), leg(minute)
        window = live_window(seq, now_ms - (windows - seq) * 10_000, leg_c=air_c, room_c=18.0)
        window = window._replace(moves=moves, in_bed=True)
        state, _ = engine.advance(state, window, RULES)
    return state


@pytest.mark.end_to_end
@pytest.mark.slow
def test_a_bedside_tells_its_sleeper_and_a_server_that_comes_hears_of_it_once(
    bedroom: Bedroom,
) -> None:
    bedroom.broker()
    ear = Ear(bedroom, "event")
    agent = bedroom.bed("anna", tap=True, sensors=SENSORS, fallback={"after_s": AFTER_S}, **BUTTON)
    ear.say(topic("anna", Channel.RULES), about_to_sound(), retain=True)
    kept = bedroom.folder / "agent-anna" / NAME
    wait_until(kept.exists, "the limits on the card: the broker lets the bed read them", 10)
    begun_s = time.monotonic()
    assert did(agent) == []
    wait_until(lambda: "buzzer beeps" in did(agent), "the buzzer", 3 * AFTER_S)
    assert time.monotonic() - begun_s > AFTER_S - 15
    bedroom.tap()
    wait_until(lambda: did(agent)[-1] == "all off", "the lamp to go out", 10)
    ear.close()
    bedroom.server()
    wait_until(lambda: bedroom.count("notices", "reason='answered_at_bed'"), "the answer")
    with closing(Spool(bedroom.spool("anna"))) as spool:
        wait_until(lambda: not spool.presses_waiting(), "the confirmation")
    sql = "SELECT reason, count(*) FROM notices WHERE reason LIKE '%at_bed' GROUP BY 1"
    told = bedroom.rows(sql)
    assert dict(told) == {"lit_at_bed": 1, "heard_at_bed": 1, "answered_at_bed": 1}
    assert agent.stop() == 0


@pytest.mark.slow
@pytest.mark.parametrize("minute", [58, 64, 67, 70, 72, 84])
def test_killed_at_a_minute_of_a_cold_night_the_sleeper_is_told_in_time_and_once(
    minute: int, tmp_path: Path
) -> None:
    night = silent.NIGHTS[0]
    seen = silent.kill(night, minute, REFERENCE, tmp_path)
    assert seen.faults == ()


# What the server tells in this night if it never ends; see the next test.
REFERENCE = (
    Told(65.0, BED, "quiet", "log"),
    Told(68.0, BED, "quiet", "warning"),
    Told(71.0, BED, "loud", "warning"),
    Told(81.0, "bert", "loud", "warning"),
    Told(90.0, BED, "loud", "urgent"),
    Told(90.0, "bert", "loud", "urgent"),
    Told(100.0, BED, "loud", "urgent"),
    Told(100.0, "bert", "loud", "urgent"),
)


@pytest.mark.slow
def test_beside_its_server_the_bedside_tells_nothing(tmp_path: Path) -> None:
    assert silent.alone(silent.NIGHTS[0], tmp_path / "house") == REFERENCE


@pytest.mark.slow
def test_when_nothing_stands_both_know_the_same_to_the_last_field(tmp_path: Path) -> None:
    with house(tmp_path, silent.look(silent.NIGHTS[1])) as made:
        made.play_to(30)
        made.kill_server()
        made.play(20)
        made.start_server()
        made.play(30)
        assert list(silent._differ(made)) == []


@pytest.mark.slow
def test_a_bedside_that_boots_while_the_server_is_away_tells_too(tmp_path: Path) -> None:
    with house(tmp_path, silent.look(silent.NIGHTS[0])) as made:
        made.play_to(62)
        made.kill_server()
        made.play(1)
        made.restart_agent()
        made.play_to(100)
        heard = [one for one in made.told() if one.who == "bed" and one.how == "loud"]
        assert heard
        assert heard[0].minute <= 90


@pytest.mark.slow
def test_an_answer_at_the_bed_ends_it_for_the_server_too(tmp_path: Path) -> None:
    with house(tmp_path, silent.look(silent.NIGHTS[0])) as made:
        made.play_to(60)
        made.kill_server()
        made.play_to(74)
        made.press()
        made.play_to(80)
        made.start_server()
        made.play_to(110)
        # Colder legs are told again, as after any other answer.
        later = [one for one in made.told() if one.minute > 74 and one.level == "warning"]
        assert later == []
        found = made.server.transitions()
        assert found[found.index("fired") + 1] == "acknowledged"
