"""The settings of a bedside agent (TOML). Secrets come from the environment only."""

from dataclasses import dataclass
from pathlib import Path

from legwatch.contract.topics import check_bed
from legwatch.errors import SettingsError
from legwatch.settings import load, setting
from legwatch_device.drivers import load as load_driver
from legwatch_device.drivers.options import ButtonTable, RecordingTable, SensorTable, SignalTable
from legwatch_runtime.files import read_toml
from legwatch_runtime.zones import zone_named

SERVERS_USER = "server"  # at the broker an agent's user is its bed; this user may do everything
GROUPS = {
    "leg": "legwatch.thermometers",
    "room": "legwatch.thermometers",
    "movement": "legwatch.motion",
}


@dataclass(frozen=True, slots=True)
class MqttTable:
    """The broker; the password comes from LEGWATCH_MQTT_PASSWORD or LEGWATCH_MQTT_PASSWORD_FILE."""

    host: str = setting("127.0.0.1", "name or address of the broker")
    port: int = setting(1883, "its port", low=1, high=65535)
    user: str = setting("", "user name; empty: none")
    ca_file: str = setting("", "certificate of the broker's authority; if given, use TLS")
    keepalive_s: int = setting(
        30, "the broker notices a dead agent after 1.5 times this", low=5, high=600
    )


@dataclass(frozen=True, slots=True)
class SensorsTable:
    """The sensors of this bed; the values of a missing sensor are unknown, which is no error."""

    leg: SensorTable | None = setting(None, "thermometer by the legs")
    room: SensorTable | None = setting(None, "thermometer of the room, 1-2 m from the bed")
    movement: SensorTable | None = setting(None, "movement sensor of the bed")


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """All settings of an agent."""

    bed: str = setting(..., "name of the bed, 1-32 of a-z 0-9 -")
    state_dir: str = setting("/var/lib/legwatch/agent", "folder of the spool")
    window_s: int = setting(10, "length of a window, seconds", low=1, high=60)
    sample_s: float = setting(15.0, "seconds between two readings of a thermometer", low=5, high=60)
    spool_nights: int = setting(14, "nights (12 h each) kept without the server", low=1, high=60)
    clock: str = setting(
        "auto", "trusted: the clock is right without systemd-timesyncd", choices=("auto", "trusted")
    )
    mqtt: MqttTable = setting(MqttTable, "the broker")
    sensors: SensorsTable = setting(SensorsTable, "the sensors")
    signal: SignalTable | None = setting(None, "lamp and buzzer at the bed")
    button: ButtonTable | None = setting(None, "button at the bed; not used with a recording")
    recording: RecordingTable = setting(RecordingTable, "a recording instead of sensors")

    def check(self) -> None:
        """Raise LegwatchError for a wrong bed name, time zone or driver."""
        check_bed(self.bed)
        if self.bed == SERVERS_USER:
            raise SettingsError("bed", f"{SERVERS_USER!r} is the server's name at the broker")
        zone_named(self.recording.zone, "recording.zone")
        for name, group in GROUPS.items():
            sensor = getattr(self.sensors, name)
            if sensor is not None:
                load_driver(group, sensor.driver, f"sensors.{name}.driver")
        if self.signal is not None:
            load_driver("legwatch.signals", self.signal.driver, "signal.driver")
        if self.button is not None:
            load_driver("legwatch.buttons", self.button.driver, "button.driver")


def read(path: Path) -> AgentSettings:
    """Read and check a settings file; raises SettingsError with the path of the wrong key."""
    settings = load(AgentSettings, read_toml(path))
    settings.check()
    return settings
