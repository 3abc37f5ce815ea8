"""The agent's settings of lamp and button: only what is named is there; errors name the key."""

from pathlib import Path

import pytest

from legwatch.errors import SettingsError
from legwatch_device.settings import AgentSettings, DriverTable, read


def settings(folder: Path, text: str) -> AgentSettings:
    file = folder / "agent.toml"
    file.write_text(f'bed = "anna"\n{text}')
    return read(file)


def test_a_bed_has_neither_lamp_nor_button_unless_it_is_said(tmp_path: Path) -> None:
    told = settings(tmp_path, "")
    assert (told.signal, told.button) == (None, None)
    told = settings(tmp_path, '[signal]\ndriver = "gpio"\nlamp_pin = 5\n')
    assert told.signal == DriverTable("gpio", {"lamp_pin": 5})


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


@pytest.mark.parametrize("after_s", [0, 60, 300, 3600])
def test_the_bedside_may_help_itself_after_a_while_or_never(tmp_path: Path, after_s: int) -> None:
    lamp = '[signal]\ndriver = "simulated"\n'
    told = settings(tmp_path, f"{lamp}[fallback]\nafter_s = {after_s}\n")
    assert told.helps_itself() is bool(after_s)
    assert "lamp and buzzer are simulated: nothing shines or sounds" in told.untold()
    real = settings(tmp_path, lamp.replace("simulated", "gpio") + "lamp_pin = 5\n")
    assert real.untold() == ""


@pytest.mark.parametrize("after_s", [1, 59, 3601, -1])
def test_it_waits_for_a_server_that_starts_again(tmp_path: Path, after_s: int) -> None:
    with pytest.raises(SettingsError, match=r"fallback\.after_s: .*3600"):
        settings(tmp_path, f"[fallback]\nafter_s = {after_s}\n")


def test_without_a_lamp_it_says_that_nothing_can_tell(tmp_path: Path) -> None:
    told = settings(tmp_path, '[sensors.leg]\ndriver = "simulated"\n')
    assert not told.helps_itself()
    assert "nothing at this bed can tell" in told.untold()
    assert settings(tmp_path, "[fallback]\nafter_s = 0\n").untold() == ""
    (tmp_path / "night.csv").write_text("time,channel,value\n2026-01-02T21:00Z,movement,0\n")
    played = f'[recording]\nfile = "{tmp_path}/night.csv"\n'
    assert settings(tmp_path, played).untold() == ""
