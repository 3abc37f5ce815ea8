"""The settings of drivers: name, pins, file."""

from dataclasses import dataclass

from legwatch.settings import setting


@dataclass(frozen=True, slots=True)
class SensorTable:
    """One sensor and its driver."""

    driver: str = setting(..., "dht22, gpio_motion, simulated or an installed one")
    pin: int = setting(0, "GPIO number (BCM)", low=0, high=27)
    offset_c: float = setting(
        0.0, "added to every reading; measure it with both sensors side by side", low=-5, high=5
    )
    pulseio: bool = setting(False, "dht22: time the pulses with pulseio, not with bit banging")


@dataclass(frozen=True, slots=True)
class SignalTable:
    """The lamp and the buzzer at the bed; one of them may be missing."""

    driver: str = setting(..., "gpio, simulated or an installed one")
    lamp_pin: int | None = setting(None, "GPIO number (BCM) of the lamp", low=0, high=27)
    buzzer_pin: int | None = setting(None, "GPIO number (BCM) of the buzzer", low=0, high=27)


@dataclass(frozen=True, slots=True)
class ButtonTable:
    """The button at the bed: a short press is "seen", three seconds are "cramp"."""

    driver: str = setting(..., "gpio_button or an installed one")
    pin: int = setting(0, "GPIO number (BCM) of the button to ground", low=0, high=27)


@dataclass(frozen=True, slots=True)
class RecordingTable:
    """A recording that replaces the sensors."""

    file: str = setting("", "replay file (CSV time,channel,value; gz or plain); empty: none")
    speed: float = setting(60.0, "times real time; 0: as fast as possible", low=0, high=100_000)
    zone: str = setting("UTC", "time zone of times without an offset")
    map: dict[str, str] = setting({}, "new names of channels: old = new")
