"""Lamp and buzzer: each command once, nothing for ever, and no yes without a deed."""

import logging
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from legwatch.contract.bedside_command import Cmd, Command, CommandResult, Loudness, decode_result
from legwatch.contract.press import Press
from legwatch.contract.stored import Stored
from legwatch.contract.topics import Channel, topic
from legwatch.errors import SettingsError, WireError
from legwatch_device.agent import Agent
from legwatch_device.broker_link import BrokerLink, LinkUp
from legwatch_device.drivers import Put, Signal, open_driver
from legwatch_device.drivers.gpio_signal import BEEP_S, BEEPS, PAUSE_S, GpioSignal
from legwatch_device.indicator import LONGEST_LIT_MS, REMEMBERED, Indicator
from legwatch_device.settings import AgentSettings, MqttTable, SignalTable, read
from legwatch_device.spool import Spool
from legwatch_runtime.clock import Clock

LAMP, BUZZER = 5, 6


class FakeClock:
    def __init__(self) -> None:
        self.mono = 1000

    def utc_ms(self) -> int:
        return 1_767_394_800_000 + self.mono

    def mono_ms(self) -> int:
        return self.mono

    def synced(self) -> bool:
        return True


class FakeSignal:
    """Notes what it is told; `lamp` and `buzzer` say what there is."""

    def __init__(self, *, lamp: bool = True, buzzer: bool = True) -> None:
        self.lamp, self.buzzer = lamp, buzzer
        self.did: list[str] = []

    def light(self) -> bool:
        self.did.append("light")
        return self.lamp

    def sound(self) -> bool:
        self.did.append("sound")
        return self.buzzer

    def blink(self) -> bool:
        self.did.append("blink")
        return self.lamp

    def calm(self) -> None:
        self.did.append("calm")


def beacon(signal: Signal | None, clock: Clock | None = None) -> Indicator:
    return Indicator(signal, clock or FakeClock())


NUDGE = Command("a", Cmd.NUDGE)
LOUD = Command("b", Cmd.NUDGE, Loudness.LOUD)
CALM = Command("c", Cmd.CALM)
IDENTIFY = Command("d", Cmd.IDENTIFY)


@pytest.mark.parametrize(
    ("command", "did"),
    [(NUDGE, ["light"]), (LOUD, ["light", "sound"]), (CALM, ["calm"]), (IDENTIFY, ["blink"])],
)
def test_each_command_does_its_own(command: Command, did: list[str]) -> None:
    signal = FakeSignal()
    assert beacon(signal).obey(command) == CommandResult(command.id, ok=True)
    assert signal.did == did


def test_the_same_id_is_answered_again_and_acted_on_once() -> None:
    signal = FakeSignal()
    bed = beacon(signal)
    assert bed.obey(LOUD) == bed.obey(LOUD)
    assert signal.did == ["light", "sound"]
    bed.obey(CALM)
    bed.obey(LOUD)
    assert signal.did[-1] == "calm"


def test_the_memory_for_ids_is_bounded() -> None:
    bed = beacon(FakeSignal())
    for number in range(REMEMBERED + 10):
        bed.obey(Command(str(number), Cmd.CALM))
    assert len(bed._done) == REMEMBERED


@pytest.mark.parametrize(
    ("signal", "command", "ok", "why"),
    [
        (None, NUDGE, False, "no lamp or buzzer is set up at this bed"),
        (None, IDENTIFY, False, "no lamp or buzzer is set up at this bed"),
        (None, CALM, True, "no lamp or buzzer is set up at this bed"),
        (FakeSignal(lamp=False), NUDGE, False, "there is no lamp"),
        (FakeSignal(lamp=False), LOUD, True, ""),
        (FakeSignal(buzzer=False), NUDGE, True, ""),
        (FakeSignal(buzzer=False), LOUD, False, "there is no buzzer"),
        (FakeSignal(lamp=False), IDENTIFY, True, "there is no lamp to blink"),
    ],
)
def test_yes_is_said_only_for_what_was_shown(
    signal: Signal | None, command: Command, ok: bool, why: str
) -> None:
    assert beacon(signal).obey(command) == CommandResult(command.id, ok, why)


def test_a_driver_that_fails_is_an_answer_and_not_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signal = FakeSignal()

    def fail() -> bool:
        raise OSError("the pin is gone")

    monkeypatch.setattr(signal, "light", fail)
    monkeypatch.setattr(signal, "calm", fail)
    bed = beacon(signal)
    assert bed.obey(NUDGE) == CommandResult("a", ok=False, why="OSError: the pin is gone")
    bed.calm()
    assert bed.obey(IDENTIFY).ok is True


def test_a_stale_lamp_goes_out_by_itself_once() -> None:
    signal, clock = FakeSignal(), FakeClock()
    bed = beacon(signal, clock)
    bed.obey(NUDGE)
    clock.mono += LONGEST_LIT_MS
    bed.watch()
    assert signal.did == ["light"]
    clock.mono += 1
    bed.watch()
    bed.watch()
    assert signal.did == ["light", "calm"]


def test_a_newer_nudge_keeps_the_lamp_lit_for_longer() -> None:
    signal, clock = FakeSignal(), FakeClock()
    bed = beacon(signal, clock)
    bed.obey(NUDGE)
    clock.mono += LONGEST_LIT_MS - 1
    bed.obey(LOUD)
    clock.mono += LONGEST_LIT_MS
    bed.watch()
    assert "calm" not in signal.did


def test_to_identify_does_not_put_out_an_alerts_lamp() -> None:
    signal = FakeSignal()
    bed = beacon(signal)
    bed.obey(NUDGE)
    assert bed.obey(IDENTIFY) == CommandResult("d", ok=True, why="the lamp is lit")
    assert signal.did == ["light"]


def nudge(thread: str, tone: Loudness = Loudness.LOUD) -> Command:
    return Command(f"n-{thread}", Cmd.NUDGE, tone, thread)


def calm(thread: str) -> Command:
    return Command(f"c-{thread}", Cmd.CALM, thread=thread)


def test_the_end_of_one_alert_leaves_the_buzzer_of_another_alone() -> None:
    signal = FakeSignal()
    bed = beacon(signal)
    for thread in ("legs", "sensor"):
        bed.obey(nudge(thread))
    assert bed.obey(calm("sensor")).ok
    assert bed.obey(calm("of-yesterday")).ok
    assert "calm" not in signal.did
    bed.obey(calm("legs"))
    assert signal.did[-1] == "calm"


def test_when_only_a_quiet_alert_is_left_the_buzzer_ends_and_the_lamp_stays() -> None:
    signal = FakeSignal()
    bed = beacon(signal)
    bed.obey(nudge("legs", Loudness.QUIET))
    bed.obey(nudge("sensor"))
    bed.obey(calm("sensor"))
    assert signal.did[-2:] == ["calm", "light"]
    assert bed.obey(IDENTIFY).why == "the lamp is lit"


def test_a_server_that_names_no_alert_puts_all_out() -> None:
    signal = FakeSignal()
    bed = beacon(signal)
    bed.obey(nudge("legs"))
    bed.obey(CALM)
    assert signal.did[-1] == "calm"
    assert bed.obey(IDENTIFY).why == ""


# ---- through the agent
class FakeLink:
    def __init__(self) -> None:
        self.sent: list[tuple[Channel, bytes, bool]] = []

    def open(self) -> None:
        """It is always open."""

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        self.sent.append((channel, payload, retain))
        return True


class NoFeed:
    def run(self, put: Put, stop: object) -> None:
        """Nothing comes by itself."""

    def now_ms(self) -> int | None:
        return None


@pytest.fixture
def agent(tmp_path: Path) -> tuple[Agent, FakeLink, FakeSignal, FakeClock]:
    link, signal, clock = FakeLink(), FakeSignal(), FakeClock()
    made = Agent(
        boot="0000000a",
        spool=Spool(tmp_path / "s.db"),
        link=link,
        feed=NoFeed(),
        clock=clock,
        said=queue.Queue(),
        most=100,
        beacon=Indicator(signal, clock),
    )
    return made, link, signal, clock


Made = tuple[Agent, FakeLink, FakeSignal, FakeClock]


def answers(link: FakeLink) -> list[CommandResult]:
    assert not [r for c, _, r in link.sent if c is Channel.RESULT and r]
    return [decode_result(p) for c, p, _ in link.sent if c is Channel.RESULT]


def test_the_agent_acts_and_answers(agent: Made) -> None:
    made, link, signal, clock = agent
    made.turn([LinkUp(1), NUDGE, NUDGE])
    assert signal.did == ["light"]
    assert answers(link) == [CommandResult("a", ok=True)] * 2
    clock.mono += LONGEST_LIT_MS + 1
    made.turn([])
    assert signal.did == ["light", "calm"]


def test_a_press_at_the_bed_puts_all_out_without_waiting_for_anybody(agent: Made) -> None:
    made, _, signal, _ = agent
    made.turn([LOUD, Press("p1", "ack", 5)])
    assert signal.did == ["light", "sound", "calm"]


# ---- what the link lets through
class Message:
    def __init__(self, name: str, payload: bytes, *, retain: bool = False) -> None:
        self.topic, self.payload, self.retain = name, payload, retain


def heard(message: Message) -> list[object]:
    said: queue.Queue[object] = queue.Queue()
    BrokerLink("anna", MqttTable(), "", said)._on_message(None, None, message)  # type: ignore[arg-type]
    return list(said.queue)


CMD = topic("anna", Channel.CMD)
NUDGE_JSON = b'{"v":1,"id":"a","cmd":"nudge","tone":"quiet"}'


def test_a_command_is_decoded_and_queued() -> None:
    assert heard(Message(CMD, NUDGE_JSON)) == [NUDGE]
    stored = Message(topic("anna", Channel.STORED), b'{"v":1,"boot":"0000000a","seq":4}')
    assert heard(stored) == [Stored("0000000a", 4)]


@pytest.mark.parametrize(
    "message",
    [
        Message(CMD, NUDGE_JSON, retain=True),
        Message(CMD, b'{"v":1,"id":"a","cmd":"warm"}'),
        Message(CMD, b"\xff"),
        Message(CMD, b""),
    ],
)
def test_a_retained_or_senseless_command_is_passed_over(
    message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    assert heard(message) == []
    assert CMD in caplog.text


# ---- drivers
@pytest.fixture
def pins() -> Iterator[MockFactory]:
    before = Device.pin_factory
    factory = Device.pin_factory = MockFactory()
    yield factory
    factory.close()
    Device.pin_factory = before


Open = Callable[[int | None, int | None], GpioSignal]


@pytest.fixture
def opened(pins: MockFactory) -> Iterator[Open]:
    """Yield a way to open signals that are closed while their pins are still there."""
    made: list[GpioSignal] = []

    def open_one(lamp: int | None, buzzer: int | None) -> GpioSignal:
        made.append(GpioSignal(SignalTable("gpio", lamp, buzzer)))
        return made[-1]

    yield open_one
    for signal in made:
        for device in (signal._lamp, signal._buzzer):
            if device is not None:
                device.close()


def soon(holds: Callable[[], bool]) -> bool:
    end_s = time.monotonic() + 5
    while not holds() and time.monotonic() < end_s:
        time.sleep(0.01)
    return holds()


def test_lamp_and_buzzer_begin_dark_and_do_as_told(pins: MockFactory, opened: Open) -> None:
    signal = opened(LAMP, BUZZER)
    lamp, buzzer = pins.pin(LAMP), pins.pin(BUZZER)
    assert (lamp.state, buzzer.state) == (0, 0)
    assert signal.light()
    assert (lamp.state, buzzer.state) == (1, 0)
    assert signal.sound()
    assert soon(lambda: bool(buzzer.state))
    signal.calm()
    assert (lamp.state, buzzer.state) == (0, 0)


def test_the_buzzer_stops_by_itself_within_a_minute(
    pins: MockFactory, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BEEPS * (BEEP_S + PAUSE_S) <= 60.0
    assert (BEEPS - 1) * (BEEP_S + PAUSE_S) + BEEP_S < 60.0
    for name in ("BEEP_S", "PAUSE_S"):
        monkeypatch.setattr(f"legwatch_device.drivers.gpio_signal.{name}", 0.001)
    signal = opened(LAMP, BUZZER)
    buzzer = pins.pin(BUZZER)
    assert signal.sound()
    assert soon(lambda: len(buzzer.states) == 1 + 2 * BEEPS)
    time.sleep(0.05)
    assert len(buzzer.states) == 1 + 2 * BEEPS
    assert buzzer.state == 0


def test_two_short_blinks_without_a_sound(pins: MockFactory, opened: Open) -> None:
    signal = opened(LAMP, BUZZER)
    begun_s = time.monotonic()
    assert signal.blink()
    assert soon(lambda: [s.state for s in pins.pin(LAMP).states] == [0, 1, 0, 1, 0])
    assert time.monotonic() - begun_s < 2
    assert [s.state for s in pins.pin(BUZZER).states] == [0]


def test_a_lamp_that_is_lit_while_blinking_stays_lit(pins: MockFactory, opened: Open) -> None:
    signal = opened(LAMP, None)
    signal.blink()
    signal.light()
    time.sleep(1.0)
    assert pins.pin(LAMP).state == 1


def test_pins_are_optional_but_not_both(opened: Open) -> None:
    only_lamp = opened(LAMP, None)
    assert (only_lamp.light(), only_lamp.sound()) == (True, False)
    only_lamp.calm()
    only_buzzer = opened(None, BUZZER)
    assert (only_buzzer.light(), only_buzzer.blink(), only_buzzer.sound()) == (False, False, True)
    only_buzzer.calm()
    with pytest.raises(SettingsError, match="signal: a lamp_pin or a buzzer_pin"):
        open_driver("legwatch.signals", "gpio", "signal", SignalTable("gpio"))


def test_one_pin_for_both_is_answered_in_one_sentence(pins: MockFactory) -> None:
    with pytest.raises(SettingsError, match=r"driver 'gpio' cannot start: .*in use"):
        open_driver("legwatch.signals", "gpio", "signal", SignalTable("gpio", LAMP, LAMP))


def test_the_simulated_signal_writes_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    signal = open_driver("legwatch.signals", "simulated", "signal", SignalTable("simulated"))
    assert signal.light()
    assert signal.sound()
    assert signal.blink()
    signal.calm()
    assert [r.message for r in caplog.records] == [
        "signal: the lamp is lit",
        "signal: the buzzer beeps",
        "signal: the lamp blinks twice",
        "signal: all off",
    ]


# ---- settings
def settings(folder: Path, text: str) -> AgentSettings:
    file = folder / "agent.toml"
    file.write_text(f'bed = "anna"\n{text}')
    return read(file)


def test_a_bed_has_neither_lamp_nor_button_unless_it_is_said(tmp_path: Path) -> None:
    told = settings(tmp_path, "")
    assert (told.signal, told.button) == (None, None)
    told = settings(tmp_path, '[signal]\ndriver = "gpio"\nlamp_pin = 5\n')
    assert told.signal == SignalTable("gpio", 5, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[signal]\ndriver = "horn"', r"signal\.driver: no driver 'horn'.*gpio, simulated"),
        ("[signal]\nlamp_pin = 5", r"signal\.driver: this key must be given"),
        ('[signal]\ndriver = "gpio"\nlamp_pin = 99', r"signal\.lamp_pin: 99 .*0 to 27"),
        ('[signal]\ndriver = "gpio"\nheater_pin = 5', r"signal\.heater_pin: no such key"),
        ('[button]\ndriver = "bell"', r"button\.driver: no driver 'bell'.*gpio_button"),
        ('[button]\ndriver = "gpio_button"\npin = "x"', r"button\.pin: a whole number"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings(tmp_path, text)


def test_a_retained_command_says_why_it_is_not_obeyed() -> None:
    with pytest.raises(WireError, match="retained"):
        BrokerLink("anna", MqttTable(), "", queue.Queue())._decoded(
            Message(CMD, NUDGE_JSON, retain=True)  # type: ignore[arg-type]
        )
