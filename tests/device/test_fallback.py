"""A bedside whose server is silent tells its sleeper by itself, and only then."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from legwatch import engine, own_watch
from legwatch.contract.bed_rules import BedRules, encode_rules
from legwatch.contract.confirmation import Stored
from legwatch.contract.event import decode_event
from legwatch.contract.press import Press
from legwatch.contract.told_at_bed import ToldAtBed
from legwatch.contract.topics import Channel
from legwatch.events import ClockTrust, Window
from legwatch.limits.rules import Rules
from legwatch.limits.written import as_table
from legwatch.recording import events, parse
from legwatch.state_codec import to_json
from legwatch.testing import uncovering
from legwatch_device.broker_link import LinkUp, RulesGiven
from legwatch_device.fallback import Fallback
from legwatch_device.kept_rules import NAME, KeptRules
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent
from legwatch_runtime.profiles import rules_for
from legwatch_runtime.testing import FakeClock
from legwatch_runtime.zones import zone_named
from repository import REPO

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
WINDOW_MS = 30_000  # longer ones than usual, for quick tests
ZONE = zone_named("UTC", "zone")
RULES = rules_for("standard", {"alerts.learn_nights": 0}, ZONE)
NIGHTS = sorted((REPO / "tests/nights").glob("*.csv.gz"))
LEG = uncovering((60, 400))


def look(minute: float, leg: Callable[[float], float | None] = LEG) -> dict[str, Any]:
    moves = 3 if minute % 20 < 0.1 else 0
    room_c = 18.0 + 0.1 * (int(minute) % 3)
    return {"leg_c": leg(minute), "room_c": room_c, "moves": moves, "in_bed": True}


def handed(
    state: engine.BedState | None = None, rules: Rules = RULES, *, learned: bool = True
) -> RulesGiven:
    """Return what a server hands over."""
    state = state or engine.start(trial_over=learned)
    limits, to_ms = json.dumps(as_table(rules)), engine.newest_ms(state)
    return RulesGiven(encode_rules(BedRules(limits, to_json(state), to_ms)))


class Bedside:
    """An agent with a lamp, and a server that only confirms."""

    def __init__(self, folder: Path, spool: Spool, *, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.begun_ms = self.clock.up_ms
        self.agent = InProcessAgent(
            spool, boot=f"{self.clock.up_ms:08x}", most=9000, clock=self.clock, helps=folder
        )
        self.did = self.agent.signal.did
        self.agent.turn(LinkUp(1))

    @property
    def minute(self) -> float:
        return (self.clock.up_ms - self.begun_ms) / MINUTE_MS

    def play_to(self, minute: float, *, server: bool, leg: Any = LEG) -> None:
        while self.minute < minute:
            self.clock.advance(WINDOW_MS)
            now_ms, up_ms = self.clock.now_ms, self.clock.up_ms
            trust = ClockTrust.SYNCED if self.clock.is_synced else ClockTrust.UNSYNCED
            window = Window("", 0, now_ms - WINDOW_MS, now_ms, up_ms, trust.value)
            self.agent.measured += 1
            self.agent.turn(window._replace(**look(self.minute, leg)))
            if server:
                self.confirm()

    def confirm(self) -> None:
        boot = self.agent.link.windows()[-1].boot
        self.agent.turn(Stored(boot, self.agent.measured, ()))
        self.agent.link.sent.clear()

    def told(self) -> list[ToldAtBed]:
        """Return what the server is told."""
        found = [decode_event(one.payload) for one in self.agent.spool.presses()]
        return [one for one in found if isinstance(one, ToldAtBed)]

    def steps(self) -> list[str]:
        return [one.what.value for one in self.told()]


@pytest.fixture
def bedside(tmp_path: Path) -> Iterator[Bedside]:
    spool = Spool(":memory:")
    made = Bedside(tmp_path, spool)
    made.agent.turn(handed())
    yield made
    spool.close()


@pytest.mark.slow
@pytest.mark.parametrize("night", NIGHTS, ids=lambda path: path.name.split(".")[0])
def test_while_the_server_confirms_nothing_is_ever_lit(night: Path, tmp_path: Path) -> None:
    clock, state = FakeClock(), engine.start(trial_over=True)
    helper = Fallback(300, clock, KeptRules(tmp_path, clock), ("leg", "room", "movement"))
    helper.given(handed())
    with gzip.open(night, "rt") as lines:
        windows = [one for one in events(parse(lines, zone=UTC)) if isinstance(one, Window)]
    for seq, window in enumerate(windows, 1):
        clock.now_ms, clock.up_ms = window.to_ms, window.to_ms - windows[0].from_ms
        live = window._replace(
            boot="0000000a", seq=seq, mono_ms=clock.up_ms, clock=ClockTrust.SYNCED.value
        )
        helper.measured([live])
        helper.confirmed("0000000a", seq)
        assert list(helper.turn()) == []
        state, _ = engine.advance(state, live, RULES)
    assert helper.events() == []
    # It knows them all the same; but its own windows it does not miss.
    assert helper.watch.state.bed.alerts[:3] == state.bed.alerts[:3]


def test_a_silent_server_is_no_alert(bedside: Bedside) -> None:
    bedside.play_to(60, server=False)
    assert bedside.did == []
    assert bedside.told() == []


def test_cold_legs_light_the_lamp_and_then_sound(bedside: Bedside) -> None:
    bedside.play_to(55, server=True)
    bedside.play_to(80, server=False)
    assert bedside.did == ["light", "light", "light", "light", "sound"]
    assert bedside.steps() == ["lamp", "lamp", "lamp", "buzzer"]
    assert {one.kind for one in bedside.told()} == {"cold"}
    assert [one.level for one in bedside.told()] == ["log", "warning", "warning", "warning"]


def test_what_has_fired_just_before_is_told_when_the_silence_is_long_enough(
    bedside: Bedside,
) -> None:
    bedside.play_to(66, server=True)
    bedside.play_to(70.5, server=False)
    assert bedside.did == []
    bedside.play_to(71.0, server=False)
    assert bedside.did[-1] == "sound"


def test_what_the_server_has_stored_is_left_to_the_server(bedside: Bedside) -> None:
    bedside.play_to(75, server=True)
    bedside.play_to(85, server=False)
    assert bedside.did == []
    bedside.play_to(95, server=False)  # now it is urgent, and nobody else can tell
    assert bedside.did == ["light", "light", "sound"]
    assert [one.level for one in bedside.told()] == ["urgent", "urgent"]


def test_a_press_answers_it_and_the_server_hears_of_both(bedside: Bedside) -> None:
    bedside.play_to(55, server=True)
    bedside.play_to(75, server=False)
    bedside.agent.turn(Press("p1", "ack", bedside.clock.now_ms))
    assert bedside.did[-1] == "calm"
    bedside.play_to(85, server=False)
    assert bedside.steps() == ["lamp", "lamp", "lamp", "buzzer", "answered"]
    assert bedside.did[-1] == "calm"


def test_when_it_is_over_the_lamp_goes_out(bedside: Bedside) -> None:
    back = uncovering((60, 75))
    bedside.play_to(55, server=True, leg=back)
    bedside.play_to(130, server=False, leg=back)
    assert bedside.did[-1] == "calm"
    assert bedside.steps()[-1] == "over"
    assert bedside.agent.fallback is not None
    assert bedside.agent.fallback.watch.state.bed.alerts.cold.severity is None


def test_what_was_told_is_sent_once_by_its_id(bedside: Bedside) -> None:
    bedside.play_to(55, server=True)
    bedside.play_to(75, server=False)
    ids = tuple(one.id for one in bedside.told())
    sent = [decode_event(payload) for payload in bedside.agent.link.payloads(Channel.EVENT)]
    assert tuple(dict.fromkeys(one.id for one in sent)) == ids
    bedside.agent.turn(Stored("0000000f", 0, ids))
    assert bedside.told() == []


def test_in_the_first_nights_it_makes_no_sound(bedside: Bedside) -> None:
    rules = rules_for("standard", {}, ZONE)
    bedside.agent.turn(handed(rules=rules, learned=False))
    bedside.play_to(55, server=True)
    bedside.play_to(110, server=False)
    assert "light" in bedside.did
    assert "sound" not in bedside.did


def test_by_day_nothing_is_told(tmp_path: Path) -> None:
    spool = Spool(":memory:")
    noon = Bedside(tmp_path, spool, clock=FakeClock(now_ms=FakeClock().now_ms + 13 * HOUR_MS))
    noon.agent.turn(handed())
    noon.play_to(110, server=False)
    assert noon.did == []
    spool.close()


def test_a_bed_that_nobody_watches_is_told_nothing(bedside: Bedside) -> None:
    bedside.agent.turn(RulesGiven(b""))
    bedside.play_to(110, server=False)
    assert bedside.did == []


def test_a_bed_without_lamp_and_buzzer_tells_the_server_of_nothing(bedside: Bedside) -> None:
    bedside.agent.signal.lamp = bedside.agent.signal.buzzer = False
    bedside.play_to(55, server=True)
    bedside.play_to(80, server=False)
    assert bedside.told() == []


def test_with_a_lamp_alone_the_server_knows_that_nothing_has_sounded(bedside: Bedside) -> None:
    bedside.agent.signal.buzzer = False
    bedside.play_to(55, server=True)
    bedside.play_to(80, server=False)
    assert set(bedside.steps()) == {"lamp"}


def test_a_bedside_that_boots_without_the_server_has_its_limits(tmp_path: Path) -> None:
    spool, clock = Spool(":memory:"), FakeClock()
    first = Bedside(tmp_path, spool, clock=clock)
    mild = rules_for("standard", {"alerts.learn_nights": 0, "warmth.early_s": 0}, ZONE)
    first.agent.turn(handed(rules=mild))
    first.play_to(30, server=True)
    clock.advance(120_000)
    again = Bedside(tmp_path, spool, clock=clock)
    assert again.agent.fallback is not None
    assert again.agent.fallback.watch.limits == mild
    again.play_to(90, server=False)
    assert again.did[-1] == "sound"
    spool.close()


def test_a_damaged_file_leaves_the_limits_before(tmp_path: Path) -> None:
    clock = FakeClock()
    before = rules_for("standard", {"warmth.plain_c": 27.0}, ZONE)
    helper = Fallback(300, clock, KeptRules(tmp_path, clock))
    helper.given(handed(rules=before))
    helper.given(handed())
    (tmp_path / NAME).write_bytes(b"nothing")
    assert Fallback(300, clock, KeptRules(tmp_path, clock)).watch.limits == before


def test_without_any_limits_the_standard_profile_is_used_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    helper = Fallback(300, clock, KeptRules(tmp_path, clock))
    clock.advance(301_000)
    assert list(helper.turn()) == []
    assert "by the limits of the standard profile" in caplog.text
    assert helper.watch.limits.warmth == RULES.warmth


def test_a_message_that_cannot_be_used_changes_nothing(
    bedside: Bedside, caplog: pytest.LogCaptureFixture
) -> None:
    bedside.agent.turn(RulesGiven(b'{"v":1,"to_ms":5,"limits":{},"state":[99,[]]}'))
    assert "cannot be used" in caplog.text
    assert bedside.agent.fallback is not None
    assert bedside.agent.fallback.watch.limits == RULES


def test_while_the_clock_is_not_set_every_hour_is_night(tmp_path: Path) -> None:
    spool = Spool(":memory:")
    noon = FakeClock(now_ms=FakeClock().now_ms + 13 * HOUR_MS, is_synced=False)
    bed = Bedside(tmp_path, spool, clock=noon)
    bed.agent.turn(handed())
    bed.play_to(75, server=False)
    assert bed.did[-1] == "sound"
    assert {one.clock for one in bed.told()} == {"unsynced"}
    assert bed.agent.fallback is not None
    before = bed.agent.fallback.watch.state.bed.alerts.cold
    bed.clock.is_synced = True  # it is noon indeed
    bed.clock.step(2 * HOUR_MS)
    bed.play_to(76, server=False)
    after = bed.agent.fallback.watch.state
    assert after.bed.alerts.cold.severity is before.severity  # what stands goes on
    assert abs(after.at_ms - bed.clock.now_ms) < MINUTE_MS
    sounds = bed.did.count("sound")
    bed.play_to(110, server=False)
    assert bed.did.count("sound") == sounds
    spool.close()


def test_a_fault_of_its_own_watch_does_not_end_the_measuring(
    bedside: Bedside, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(own_watch, "judge", fails)
    bedside.play_to(2, server=True)
    assert bedside.agent.measured == 4
    assert caplog.text.count("the bedside's own watch has failed") == 1
