"""The message `info`: what a bedside agent is and has, to and from JSON bytes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from legwatch.contract.failing import Failing, as_body, from_body
from legwatch.contract.fields import CLOCKS, VERSION, dump, maybe_whole, parse
from legwatch.errors import WireError
from legwatch.events import ClockTrust
from legwatch.printable import printable

LONGEST_WHY = 200  # characters of why something does not work
LONGEST_NAME = 64  # characters of a version, a sensor's place or a driver
MOST_SENSORS = 32
RECORDED = ("all", "recorded")  # place and driver of an agent that plays a recording


class BedsideInfo(NamedTuple):
    """One agent. `lost` counts the windows that it had to drop unsent, since its spool began."""

    version: str = ""
    boot: str = ""
    clock: str = ClockTrust.UNSYNCED.value
    lost: int = 0
    window_s: int | None = None
    # Place and driver, such as ("leg", "dht22"); None: an older agent, which does not say it.
    sensors: tuple[tuple[str, str], ...] | None = ()
    zone: str = ""  # time zone of the agent's machine; empty: it is not known
    button: str = ""  # why its button does not work; empty: it works, or there is none
    lamp: str = ""  # the same of lamp and buzzer
    left_out: str = ""  # what of its recording is not played, and why; empty: nothing
    failing: tuple[Failing, ...] = ()  # sensors whose readings fail, as of when that changed
    made: tuple[str, ...] = ()  # places of sensors that measure nothing, and make their values

    @property
    def places(self) -> frozenset[str]:
        """The places of the sensors that the agent names."""
        return frozenset(place for place, _driver in self.sensors or ())


def plays_recordings(info: BedsideInfo | None) -> bool:
    """Return True if an agent says that it plays recordings, and has no sensors."""
    return info is not None and RECORDED in (info.sensors or ())


def made_places(info: BedsideInfo | None) -> frozenset[str]:
    """Return the places of the sensors of which an agent says that they make their values."""
    return frozenset(() if info is None else info.made)


def encode_info(info: BedsideInfo) -> bytes:
    """Return the JSON of an `info` message."""
    body: dict[str, Any] = {
        "v": VERSION,
        "version": info.version,
        "boot": info.boot,
        "clock": info.clock,
        "lost": info.lost,
    }
    if info.window_s is not None:
        body["window_s"] = info.window_s
    if info.sensors is not None:
        body["sensors"] = dict(info.sensors)
    if info.zone:
        body["zone"] = info.zone
    if info.button:
        body["button"] = printable(info.button, LONGEST_WHY)
    if info.lamp:
        body["lamp"] = printable(info.lamp, LONGEST_WHY)
    if info.left_out:
        body["left_out"] = printable(info.left_out, LONGEST_WHY)
    if info.failing:
        body["failing"] = as_body(info.failing)
    if info.made:
        body["made"] = info.made
    return dump(body)


def decode_info(payload: bytes | bytearray) -> BedsideInfo:
    """Return the `info` message in `payload`; raises WireError. What is missing is unknown."""
    body = parse(payload)
    clock = body.get("clock", ClockTrust.UNSYNCED.value)
    if type(clock) is not str or clock not in CLOCKS:
        raise WireError(f"clock: one of {', '.join(sorted(CLOCKS))} is expected")
    return BedsideInfo(
        version=_name(body, "version"),
        boot=_name(body, "boot"),
        clock=clock,
        lost=maybe_whole(body, "lost", 0, 2**53) or 0,
        window_s=maybe_whole(body, "window_s", 1, 3600),
        sensors=_sensors(body.get("sensors")),
        zone=_name(body, "zone"),
        button=_why(body, "button"),
        lamp=_why(body, "lamp"),
        left_out=_why(body, "left_out"),
        failing=from_body(body.get("failing"), MOST_SENSORS),
        made=_made(body.get("made", [])),
    )


def _name(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key, "")
    if type(value) is not str or len(value) > LONGEST_NAME:
        raise WireError(f"{key}: a text of at most {LONGEST_NAME} characters is expected")
    return printable(value, LONGEST_NAME)


def _why(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key, "")
    if type(value) is not str:
        raise WireError(f"{key}: a text is expected")
    return printable(value, LONGEST_WHY)


def _sensors(value: object) -> tuple[tuple[str, str], ...] | None:
    if value is None:
        return None
    if type(value) is not dict or len(value) > MOST_SENSORS:
        raise WireError(f"sensors: an object of at most {MOST_SENSORS} sensors is expected")
    return tuple((printable(place, LONGEST_NAME), _name(value, place)) for place in value)


def _made(value: object) -> tuple[str, ...]:
    if type(value) is not list or len(value) > MOST_SENSORS:
        raise WireError(f"made: a list of at most {MOST_SENSORS} sensors is expected")
    return tuple(_name({"made": place}, "made") for place in value)
