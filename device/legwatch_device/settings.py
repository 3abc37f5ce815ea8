"""The settings of a bedside agent (TOML). Secrets come from the environment only."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from legwatch import forms
from legwatch.contract.roles import ROLES, THERMOMETERS
from legwatch.contract.topics import check_bed
from legwatch.errors import LegwatchError, OptionError, SettingsError, WireError
from legwatch.options import Board, Door, check_options, describe
from legwatch.settings import load, no_such_key, other_keys, setting
from legwatch_device.drivers import load as load_driver
from legwatch_device.drivers import read as read_driver
from legwatch_device.drivers.recorded import RecordedFeed, not_played
from legwatch_runtime import locations
from legwatch_runtime.certificate import check_ca_file
from legwatch_runtime.files import check_state_dir, file_in_the_way, read_toml
from legwatch_runtime.homes import unseen
from legwatch_runtime.plugins import CannotLoad, makes_values
from legwatch_runtime.zones import zone_named

SERVERS_USER = "server"  # at the broker an agent's user is its bed; this user may do everything
SOONEST_S = 60  # a server that is started again is back by then
GROUPS = {role.name: role.group for role in ROLES}
SIGNALS, BUTTONS, FEEDS = "legwatch.signals", "legwatch.buttons", "legwatch.feeds"


@dataclass(frozen=True, slots=True)
class MqttTable:
    """The broker; the password comes from LEGWATCH_MQTT_PASSWORD or LEGWATCH_MQTT_PASSWORD_FILE."""

    host: str = setting("127.0.0.1", "name or address of the broker", form=forms.host)
    port: int = setting(1883, "its port", low=1, high=65535)
    user: str = setting("", "user name; empty: none")
    ca_file: str = setting("", "certificate of the broker's authority; if given, use TLS")
    server_name: str = setting("", "name in the broker's certificate; empty: the host's")
    keepalive_s: int = setting(
        30, "the broker notices a dead agent after 1.5 times this", low=5, high=600
    )


@dataclass(frozen=True, slots=True)
class SensorTable:
    """The sensor of one role."""

    driver: str = setting(..., "name of an installed driver")
    offset_c: float = setting(
        0.0, "added to each reading; compare both sensors side by side for 30 min", low=-5, high=5
    )
    options: dict[str, Any] = other_keys("the keys that the driver declares")


@dataclass(frozen=True, slots=True)
class DriverTable:
    """The driver of lamp and buzzer, or of the button."""

    driver: str = setting(..., "name of an installed driver")
    options: dict[str, Any] = other_keys("the keys that the driver declares")


@dataclass(frozen=True, slots=True)
class FallbackTable:
    """When the bedside helps itself: its own engine uses lamp and buzzer."""

    after_s: int = setting(
        300,
        "seconds without a confirmation of the server, at night; 60 or more; 0: never",
        low=0,
        high=3600,
    )


def _keys(table: SensorTable | DriverTable) -> list[str]:
    return [option.key for option in describe(type(table))]


def _place(group: str) -> type[Any]:
    return SensorTable if group == THERMOMETERS else DriverTable


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """All settings of an agent."""

    bed: str = setting(..., "name of the bed, 1-32 of a-z 0-9 -")
    state_dir: str = setting(str(locations.AGENTS_STATE), "folder of the spool", form=forms.some)
    window_s: int = setting(10, "length of a window, seconds", low=1, high=60)
    sample_s: float = setting(15.0, "seconds between two readings of a thermometer", low=5, high=60)
    spool_nights: int = setting(14, "nights (12 h each) kept without the server", low=1, high=60)
    spool_mb: int = setting(
        100, "most megabytes kept without the server; the oldest go first", low=10, high=10_000
    )
    clock: str = setting(
        "auto", "trusted: the clock is right without systemd-timesyncd", choices=("auto", "trusted")
    )
    mqtt: MqttTable = setting(MqttTable, "the broker")
    sensors: dict[str, SensorTable] = setting({}, "the sensors of this bed, by role")
    signal: DriverTable | None = setting(None, "lamp and buzzer at the bed")
    button: DriverTable | None = setting(None, "button at the bed; not used with a recording")
    fallback: FallbackTable = setting(FallbackTable, "what the bedside does without the server")
    recording: RecordedFeed.Options = setting(
        RecordedFeed.Options, "a recording instead of sensors"
    )

    DOORS: ClassVar[tuple[Door, ...]] = (
        *(Door(f"sensors.{r.name}", r.about, r.group, _place(r.group)) for r in ROLES),
        Door("signal", "lamp and buzzer at the bed", SIGNALS, DriverTable),
        Door("button", "button at the bed", BUTTONS, DriverTable),
        Door("recording", "a recording instead of sensors", FEEDS),
    )

    def check(self, broken: Callable[[CannotLoad], object] | None = None) -> None:
        """Raise LegwatchError for a wrong bed, time zone, certificate, role, driver or option.

        `broken` gets a driver whose package cannot be used: the agent goes on without it.
        """
        try:
            check_bed(self.bed)
        except WireError as error:
            raise SettingsError("bed", str(error)) from None
        if self.bed == SERVERS_USER:
            raise SettingsError("bed", f"{SERVERS_USER!r} is the server's name at the broker")
        if 0 < self.fallback.after_s < SOONEST_S:
            raise SettingsError("fallback.after_s", f"{SOONEST_S} to 3600, or 0: never")
        zone_named(self.recording.zone, "recording.zone")
        check_options(self.recording, "recording")
        check_ca_file(self.mqtt.ca_file)
        file_in_the_way(self.state_dir)  # with one, the agent runs from memory
        board = Board()
        for path, group, table in self.tables():
            if group != THERMOMETERS and isinstance(table, SensorTable) and table.offset_c:
                raise SettingsError(f"{path}.offset_c", "only a thermometer has an offset")
            try:
                driver = load_driver(group, table.driver, f"{path}.driver")
                options = read_driver(
                    group, table.driver, driver, table.options, path, _keys(table)
                )
            except CannotLoad as error:
                if broken is None:
                    raise
                broken(error)
                continue
            board.take(options, path)

    def check_by_day(self) -> None:
        """Raise SettingsError for what only weakens an agent: at night it runs all the same."""
        check_state_dir(self.state_dir)

    def roles(self) -> frozenset[str] | None:
        """Return the roles of the sensors that are set up, or recorded; None: nothing was."""
        return (self.recording.roles() or None) if self.recording.file else frozenset(self.sensors)

    def made(self) -> frozenset[str]:
        """Return the roles of the sensors whose drivers measure nothing, and make their values.

        Of a driver that cannot be loaded it is not known: it gives no values at all.
        """
        found = set()
        for name, table in self.sensors.items():
            with suppress(LegwatchError):
                if makes_values(load_driver(GROUPS[name], table.driver, f"sensors.{name}.driver")):
                    found.add(name)
        return frozenset(found)

    def unread(self) -> str:
        """Return that and why nothing of the recording can be played; empty: something can."""
        return self.recording.unread() if self.recording.file else ""

    def doubts(self) -> Iterator[str]:
        """Yield what is allowed and yet may be a slip."""
        if self.mqtt.user and self.mqtt.user != self.bed:
            yield (
                f"mqtt.user: {self.mqtt.user!r} is not the bed, {self.bed!r}; the broker of the"
                " guides gives a user only the topics of the bed of its name (`legwatch up` has a"
                " broker of its own, and uses none of [mqtt])"
            )
        if self.recording.file and not Path(self.recording.file).is_absolute():
            yield (
                f"recording.file: {self.recording.file!r} is looked for in the folder where the"
                " agent is started, and as a unit that is another one: write its whole path"
            )
        yield from unseen("recording.file", self.recording.file)
        with suppress(OptionError):  # what cannot be read is an error, and no doubt
            if lines := not_played(self.recording):
                yield f"recording.file: not all of {self.recording.file} is played: {lines}"
        yield from unseen("mqtt.ca_file", self.mqtt.ca_file)

    def helps_itself(self) -> bool:
        """Return True if the bedside can and shall tell its sleeper while the server is silent."""
        return bool(self.fallback.after_s and self.signal and not self.recording.file)

    def untold(self) -> str:
        """Return what is not told without the server, for want of a lamp; empty: it is told."""
        if self.signal is not None and self.signal.driver == "simulated":
            return "lamp and buzzer are simulated: nothing shines or sounds at this bed"
        if self.signal or not self.fallback.after_s or self.recording.file:
            return ""
        return "no lamp and no buzzer: if the server is silent, nothing at this bed can tell"

    def tables(self) -> Iterator[tuple[str, str, SensorTable | DriverTable]]:
        """Yield (path, group, table) of every driver of the bed; raises SettingsError."""
        for name, table in self.sensors.items():
            if name not in GROUPS:
                raise no_such_key(f"sensors.{name}", GROUPS)
            yield f"sensors.{name}", GROUPS[name], table
        if self.signal is not None:
            yield "signal", SIGNALS, self.signal
        if self.button is not None:
            yield "button", BUTTONS, self.button


def read(path: Path, broken: Callable[[CannotLoad], object] | None = None) -> AgentSettings:
    """Read and check a settings file; raises SettingsError with the path of the wrong key."""
    settings = load(AgentSettings, read_toml(path))
    settings.check(broken)
    return settings
