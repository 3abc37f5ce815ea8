"""The settings of a server (TOML). Secrets come from the environment only."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from legwatch.errors import SettingsError
from legwatch.rules import Rules
from legwatch.settings import load, read_table, setting
from legwatch.settings import secret as find_secret
from legwatch.topics import check_bed
from legwatch_server.profiles import rules_for


@dataclass(frozen=True, slots=True)
class Mqtt:
    """The broker; the password comes from LEGWATCH_MQTT_PASSWORD or LEGWATCH_MQTT_PASSWORD_FILE."""

    host: str = setting("127.0.0.1", "name or address of the broker")
    port: int = setting(1883, "its port", low=1, high=65535)
    user: str = setting("", "user name; empty: none")
    ca_file: str = setting("", "certificate of the broker's authority; given: TLS is used")
    keepalive_s: int = setting(30, "seconds between signs of life", low=5, high=600)
    client_id: str = setting("legwatch-server", "fixed name of the persistent session")


@dataclass(frozen=True, slots=True)
class Http:
    """Where /health and /metrics are answered."""

    host: str = setting("127.0.0.1", "address to listen on; keep it on loopback")
    port: int = setting(8321, "port; 0 takes a free one", low=0, high=65535)


@dataclass(frozen=True, slots=True)
class Ntfy:
    """An ntfy server; the token comes from LEGWATCH_NTFY_TOKEN or LEGWATCH_NTFY_TOKEN_FILE."""

    url: str = setting("https://ntfy.sh", "root of the ntfy server")
    topic: str = setting("", "topic; whoever knows it can read it, so make it long and odd")
    timeout_s: float = setting(10.0, "seconds to wait for an answer", low=1, high=60)


@dataclass(frozen=True, slots=True)
class PushTable:
    """Who is told, and how."""

    channels: tuple[str, ...] = setting(("console",), "console, ntfy or an installed one")
    ntfy: Ntfy = setting(Ntfy, "the ntfy channel")
    give_up_h: float = setting(12.0, "hours until a push is given up", low=0.1, high=72)


@dataclass(frozen=True, slots=True)
class History:
    """InfluxDB 2 or a compatible store; the token comes from LEGWATCH_INFLUX_TOKEN[_FILE]."""

    enabled: bool = setting(False, "whether `legwatch history` has something to do")
    url: str = setting("http://127.0.0.1:8086", "root of the store")
    org: str = setting("legwatch", "organisation")
    bucket: str = setting("legwatch", "bucket")
    every_s: float = setting(10.0, "seconds between two looks for new rows", low=0.1, high=3600)


@dataclass(frozen=True, slots=True)
class BedTable:
    """What is different for one bed."""

    profile: str = setting("", "alert profile; empty: the server's")
    zone: str = setting("", "time zone; empty: the server's")
    rules: dict[str, Any] = setting({}, 'own limits: "warmth.warn_c" = 26')


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything a server can be told."""

    state_dir: str = setting("/var/lib/legwatch/server", "folder of the database")
    zone: str = setting("UTC", "time zone of the beds, such as Europe/Berlin")
    profile: str = setting("standard", "alert profile: standard or at_risk")
    rules: dict[str, Any] = setting({}, 'own limits: "warmth.warn_c" = 26')
    beds: dict[str, BedTable] = setting({}, "beds that differ, by name")
    mqtt: Mqtt = setting(Mqtt, "the broker")
    http: Http = setting(Http, "health and metrics")
    push: PushTable = setting(PushTable, "notifications")
    history: History = setting(History, "long-term history for Grafana")

    def check(self) -> None:
        """Raise SettingsError for what is wrong only in its meaning: zones, profiles, limits."""
        rules_for(self.profile, _flat(self.rules), self.zone_of(""))
        for bed in self.beds:
            check_bed(bed)
            self.rules_of(bed)

    def zone_of(self, bed: str) -> ZoneInfo:
        """Return the time zone of a bed."""
        own = self.beds.get(bed, BedTable()).zone
        path = f"beds.{bed}.zone" if own else "zone"
        try:
            return ZoneInfo(own or self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            wanted = own or self.zone
            raise SettingsError(path, f"{wanted!r} is not a zone such as Europe/Berlin") from None

    def rules_of(self, bed: str) -> Rules:
        """Return the limits of a bed."""
        if bed not in self.beds:
            return _shared(self)  # a fleet's beds are mostly alike, and limits take time to read
        table = self.beds[bed]
        own = {**_flat(self.rules), **_flat(table.rules)}
        return rules_for(table.profile or self.profile, own, self.zone_of(bed))


@cache
def _shared_rules(profile: str, zone: ZoneInfo, own: tuple[tuple[str, Any], ...]) -> Rules:
    return rules_for(profile, dict(own), zone)


def _shared(settings: ServerSettings) -> Rules:
    own = tuple(sorted(_flat(settings.rules).items()))
    return _shared_rules(settings.profile, settings.zone_of(""), own)


def _flat(rules: dict[str, Any]) -> dict[str, Any]:
    """Read `"warmth.warn_c" = 26` and `warmth.warn_c = 26` alike."""
    flat: dict[str, Any] = {}
    for key, value in rules.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": limit for inner, limit in value.items()}
        else:
            flat[key] = value
    return flat


def read(path: Path) -> ServerSettings:
    """Read and check a settings file; raises SettingsError with the key's path."""
    settings = load(ServerSettings, read_table(str(path), read_text))
    settings.check()
    return settings


def secret(name: str) -> str:
    """Return a secret from the environment, or from the file that NAME_FILE names."""
    return find_secret(name, os.environ, read_text)


def read_text(path: str) -> str:
    """Return a file's text; raises OSError or UnicodeDecodeError."""
    return Path(path).read_text(encoding="utf-8")
