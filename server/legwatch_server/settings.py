"""The settings of a server (TOML). Secrets come from the environment only."""

from dataclasses import dataclass, replace
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from legwatch.contract.topics import check_bed
from legwatch.errors import SettingsError
from legwatch.limits.rules import Rules
from legwatch.oncall import people
from legwatch.oncall.escalation import Escalation
from legwatch.oncall.people import EVERYONE, SLEEPER, Person, Shift
from legwatch.settings import load, read_table, setting
from legwatch_runtime.files import read_text
from legwatch_runtime.profiles import rules_for
from legwatch_runtime.zones import zone_named


@dataclass(frozen=True, slots=True)
class BrokerTable:
    """The broker; the password comes from LEGWATCH_MQTT_PASSWORD or LEGWATCH_MQTT_PASSWORD_FILE."""

    host: str = setting("127.0.0.1", "name or address of the broker")
    port: int = setting(1883, "its port", low=1, high=65535)
    user: str = setting("", "user name; empty: none")
    ca_file: str = setting("", "certificate of the broker's authority; given: TLS is used")
    keepalive_s: int = setting(30, "seconds between signs of life", low=5, high=600)
    client_id: str = setting("legwatch-server", "fixed name of the persistent session")


@dataclass(frozen=True, slots=True)
class HttpTable:
    """Where /health and /metrics are answered."""

    host: str = setting("127.0.0.1", "address to listen on; keep it on loopback")
    port: int = setting(8321, "port; 0 takes a free one", low=0, high=65535)


@dataclass(frozen=True, slots=True)
class NtfyTable:
    """An ntfy server; the token comes from LEGWATCH_NTFY_TOKEN or LEGWATCH_NTFY_TOKEN_FILE."""

    url: str = setting("https://ntfy.sh", "root of the ntfy server")
    topic: str = setting("", "topic; whoever knows it can read it, so make it long and odd")
    timeout_s: float = setting(10.0, "seconds to wait for an answer", low=1, high=60)


@dataclass(frozen=True, slots=True)
class PushoverTable:
    """Pushover; the application's token comes from LEGWATCH_PUSHOVER_TOKEN or ..._TOKEN_FILE."""

    url: str = setting("https://api.pushover.net", "root of the service")
    user: str = setting("", "user key of whoever has no address of their own")
    retry_s: int = setting(60, "an urgent push sounds again after this", low=30, high=600)
    expire_s: int = setting(900, "and until this", low=60, high=10800)
    timeout_s: float = setting(10.0, "seconds to wait for an answer", low=1, high=60)


@dataclass(frozen=True, slots=True)
class WebpushTable:
    """Pushes to browsers; the VAPID key is made on first start and kept in state_dir."""

    contact: str = setting("mailto:owner@example.org", "whom a push service may ask")
    ttl_s: int = setting(1800, "how long a service keeps a push for a phone", low=0, high=86400)
    timeout_s: float = setting(10.0, "seconds to wait for an answer", low=1, high=60)


@dataclass(frozen=True, slots=True)
class AppriseTable:
    """Any of the services of the Apprise library; addresses are its URLs, env:NAME reads one."""

    url: str = setting("", "URL for whoever has no address of their own")
    timeout_s: float = setting(10.0, "seconds to wait for an answer", low=1, high=60)


@dataclass(frozen=True, slots=True)
class BedsideTable:
    """The lamp or buzzer at the bed, switched by MQTT through the agent."""

    timeout_s: float = setting(5.0, "seconds to wait for the agent's answer", low=1, high=60)


@dataclass(frozen=True, slots=True)
class PushTable:
    """The channels, and what they have in common."""

    channels: tuple[str, ...] = setting(("console",), "for people without channels of their own")
    ntfy: NtfyTable = setting(NtfyTable, "the ntfy channel")
    pushover: PushoverTable = setting(PushoverTable, "the pushover channel")
    webpush: WebpushTable = setting(WebpushTable, "the webpush channel")
    apprise: AppriseTable = setting(AppriseTable, "the apprise channel")
    mqtt: BedsideTable = setting(BedsideTable, "the mqtt channel: lamp or buzzer at the bed")
    next_channel_s: float = setting(
        30.0, "seconds until a person's next channel is tried too", low=5, high=600
    )
    workers: int = setting(8, "pushes under way at once, by channel", low=1, high=64)
    give_up_h: float = setting(12.0, "hours until a push is given up", low=0.1, high=72)


@dataclass(frozen=True, slots=True)
class AnswersTable:
    """How a phone answers: the key comes from LEGWATCH_ANSWER_KEY[_FILE], or is made once."""

    url: str = setting("", "address by which phones reach this server; empty: no buttons")
    valid_h: float = setting(12.0, "hours in which a button works", low=0.5, high=72)


@dataclass(frozen=True, slots=True)
class RehearsalTable:
    """A silent try of every channel each evening, and a tap that says "I can be woken"."""

    at: str = setting("20:30", "local time; empty: never")
    confirm: str = setting("sun", "evening of the weekly tap; empty: never")


@dataclass(frozen=True, slots=True)
class HeartbeatTable:
    """A watcher elsewhere that notices when this server is dead; fed only by fresh windows."""

    url: str = setting("", "address that is asked each time, as of Healthchecks; empty: none")
    every_s: float = setting(60.0, "seconds between two beats", low=10, high=3600)


@dataclass(frozen=True, slots=True)
class HistoryTable:
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
    played: bool = setting(
        False, "its agent plays recordings: their time line is taken, not the clock's"
    )


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything a server can be told."""

    state_dir: str = setting("/var/lib/legwatch/server", "folder of the database")
    zone: str = setting("UTC", "time zone of the beds, such as Europe/Berlin")
    profile: str = setting("standard", "alert profile: standard or at_risk")
    rules: dict[str, Any] = setting({}, 'own limits: "warmth.warn_c" = 26')
    beds: dict[str, BedTable] = setting({}, "beds that differ, by name")
    mqtt: BrokerTable = setting(BrokerTable, "the broker")
    http: HttpTable = setting(HttpTable, "health and metrics")
    push: PushTable = setting(PushTable, "notifications")
    people: dict[str, Person] = setting({}, "who is told, by name")
    roster: tuple[Shift, ...] = setting((), "who is on duty which nights; the last that fits holds")
    escalation: Escalation = setting(Escalation, "when the next person is told")
    answers: AnswersTable = setting(AnswersTable, "answering from the phone")
    rehearsal: RehearsalTable = setting(RehearsalTable, "the evening's try")
    heartbeat: HeartbeatTable = setting(HeartbeatTable, "the watcher elsewhere")
    history: HistoryTable = setting(HistoryTable, "long-term history for Grafana")

    def check(self) -> None:
        """Raise SettingsError for what is wrong only in its meaning: zones, profiles, limits."""
        rules_for(self.profile, _flat(self.rules), self.zone_of(""))
        for bed in self.beds:
            check_bed(bed)
            self.rules_of(bed)
        people.check(self.people, self.roster)
        if self.people:
            people.check_watched(self.people, self.roster, self.beds)
        for name, person in self.everybody().items():
            if not person.channels:
                raise SettingsError("push.channels", f"there is no way to tell {name} anything")
        _check_time(self.rehearsal)
        for path, url in (("answers.url", self.answers.url), ("heartbeat.url", self.heartbeat.url)):
            if url and not url.startswith(("http://", "https://")):
                raise SettingsError(path, "an address with http:// or https:// is expected")

    def everybody(self) -> dict[str, Person]:
        """Return all people with their channels; one of them where the settings name nobody."""
        named = self.people or {EVERYONE: Person(role=SLEEPER)}
        return {
            name: replace(person, channels=person.channels or self.push.channels)
            for name, person in named.items()
        }

    def channel_names(self) -> dict[str, str]:
        """Return the channels in use, each with the path of the key that names it."""
        names: dict[str, str] = {}
        for name, person in self.everybody().items():
            own = name in self.people and self.people[name].channels
            for channel in person.channels:
                names.setdefault(channel, f"people.{name}.channels" if own else "push.channels")
            for channel in person.quiet:
                names.setdefault(channel, f"people.{name}.quiet")
        return names

    def zone_of(self, bed: str) -> ZoneInfo:
        """Return the time zone of a bed."""
        own = self.beds.get(bed, BedTable()).zone
        path = f"beds.{bed}.zone" if own else "zone"
        return zone_named(own or self.zone, path)

    def profile_of(self, bed: str) -> str:
        """Return the name of the profile of a bed."""
        return self.beds.get(bed, BedTable()).profile or self.profile

    def plays(self, bed: str) -> bool:
        """Say whether a bed's agent may play recordings."""
        return self.beds.get(bed, BedTable()).played

    def rules_of(self, bed: str) -> Rules:
        """Return the limits of a bed."""
        table = self.beds.get(bed, BedTable())
        if not (table.profile or table.zone or table.rules):
            return _shared(self)  # a fleet's beds are mostly alike, and limits take time to read
        own = {**_flat(self.rules), **_flat(table.rules)}
        return rules_for(self.profile_of(bed), own, self.zone_of(bed))


def _check_time(table: RehearsalTable) -> None:
    if table.at:
        try:
            time.fromisoformat(table.at)
        except ValueError:
            raise SettingsError("rehearsal.at", f"{table.at!r} is not a time like 20:30") from None
    if table.confirm and table.confirm not in people.DAYS:
        raise SettingsError("rehearsal.confirm", f"one of {', '.join(people.DAYS)}, or empty")


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
