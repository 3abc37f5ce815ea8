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
