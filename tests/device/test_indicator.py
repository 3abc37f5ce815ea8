"""Lamp and buzzer: each command once, nothing for ever, and no yes without a deed."""

import pytest

from legwatch.contract.bedside_command import Cmd, Command, CommandResult, Loudness
from legwatch_device.drivers import Signal
from legwatch_device.indicator import LONGEST_LIT_S, REMEMBERED, Indicator
from legwatch_device.testing import FakeSignal
from legwatch_runtime.clock import Clock
from legwatch_runtime.testing import FakeClock

NUDGE = Command("a", Cmd.NUDGE)
LOUD = Command("b", Cmd.NUDGE, Loudness.LOUD)
CALM = Command("c", Cmd.CALM)
IDENTIFY = Command("d", Cmd.IDENTIFY)


def beacon(signal: Signal | None, clock: Clock | None = None) -> Indicator:
    return Indicator(signal, clock or FakeClock())


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
    why = "its driver failed: the pin is gone"
    assert bed.obey(NUDGE) == CommandResult("a", ok=False, why=why)
    bed.calm()
    assert bed.obey(IDENTIFY).ok is True


def test_a_stale_lamp_goes_out_by_itself_once() -> None:
    signal, clock = FakeSignal(), FakeClock()
    bed = beacon(signal, clock)
    bed.obey(NUDGE)
    clock.advance(LONGEST_LIT_S * 1000)
    bed.watch()
    assert signal.did == ["light"]
    clock.advance(1)
    bed.watch()
    bed.watch()
    assert signal.did == ["light", "calm"]


def test_a_newer_nudge_keeps_the_lamp_lit_for_longer() -> None:
    signal, clock = FakeSignal(), FakeClock()
    bed = beacon(signal, clock)
    bed.obey(NUDGE)
    clock.advance(LONGEST_LIT_S * 1000 - 1)
    bed.obey(LOUD)
    clock.advance(LONGEST_LIT_S * 1000)
    bed.watch()
    assert "calm" not in signal.did


def test_to_identify_does_not_put_out_an_alerts_lamp() -> None:
    signal = FakeSignal()
    bed = beacon(signal)
    bed.obey(NUDGE)
    assert bed.obey(IDENTIFY) == CommandResult("d", ok=True, why="the lamp is lit")
    assert signal.did == ["light"]


@pytest.mark.parametrize("deed", ["light", "sound"])
@pytest.mark.parametrize("shown", [OSError("no bus"), None], ids=["raises", "wrong type"])
def test_to_identify_says_that_an_alerts_lamp_has_failed(
    deed: str, shown: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = FakeSignal()

    def fail() -> bool | None:
        if shown is not None:
            raise shown
        return None

    with monkeypatch.context() as broken:
        broken.setattr(signal, deed, fail)
        bed = beacon(signal)
        why = bed.obey(LOUD).why
    assert bed.obey(IDENTIFY) == CommandResult("d", ok=False, why=why)
    assert bed.why() == why
    assert "blink" not in signal.did  # it would put out what is lit of it
    bed.obey(Command("e", Cmd.NUDGE, Loudness.LOUD))
    assert bed.obey(Command("f", Cmd.IDENTIFY)).why == "the lamp is lit"


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


@pytest.mark.parametrize(("command", "deed"), [(NUDGE, "light"), (IDENTIFY, "blink")])
def test_a_driver_that_answers_nothing_is_not_taken_for_a_bed_without_a_lamp(
    command: Command, deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = FakeSignal()
    monkeypatch.setattr(signal, deed, lambda: None)
    said = beacon(signal).obey(command)
    assert not said.ok
    assert f"{deed} must return True or False, not NoneType" in said.why
