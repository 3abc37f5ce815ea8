"""The settings of a server (TOML). Secrets come from the environment only."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from legwatch import forms
from legwatch.errors import SettingsError
from legwatch.limits.orders import check_orders
from legwatch.limits.rules import Rules, always_night
from legwatch.oncall import people
from legwatch.oncall.escalation import Escalation
from legwatch.oncall.people import EVERYONE, SLEEPER, Person, Shift
from legwatch.options import Door
from legwatch.settings import no_such_key, other_keys, setting
from legwatch_runtime import locations, plugins
from legwatch_runtime.certificate import check_ca_file
from legwatch_runtime.files import check_state_dir
from legwatch_runtime.profiles import rules_for
from legwatch_runtime.system_zone import machine_zone
from legwatch_runtime.zones import zone_named
from legwatch_server import fixed_limits
from legwatch_server.fixed_limits import owners

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CHANNELS = "legwatch.notifiers"  # the entry points of the push channels
LOG_ONLY = "console"  # writes to the log: it reaches people only if nothing else is set up


def _time_or_never(text: str) -> str:
    return forms.clock_time(text) if text else ""


def _day_or_never(text: str) -> str:
    known = text in {"", *people.DAYS}
    return "" if known else f"one of {', '.join(people.DAYS)} or an empty text is expected"


@dataclass(frozen=True, slots=True)
class BrokerTable:
    """The broker; the password comes from LEGWATCH_MQTT_PASSWORD or LEGWATCH_MQTT_PASSWORD_FILE."""

    host: str = setting("127.0.0.1", "name or address of the broker", form=forms.host)
    port: int = setting(1883, "port of the broker", low=1, high=65535)
    user: str = setting("", "user name; empty: none")
    ca_file: str = setting("", "CA certificate of the broker; if set, the server uses TLS")
    server_name: str = setting("", "name in the broker's certificate; empty: the host's")
    keepalive_s: int = setting(30, "seconds between MQTT keepalive messages", low=5, high=600)
    client_id: str = setting(
        "legwatch-server", "client id of the persistent MQTT session", form=forms.some
    )


@dataclass(frozen=True, slots=True)
class HttpTable:
    """The HTTP server for /health, /metrics and answers from phones."""

    host: str = setting(
        "127.0.0.1", "address to listen on; keep a loopback address", form=forms.host
    )
    port: int = setting(8321, "port; 0: any free port", low=0, high=65535)


@dataclass(frozen=True, slots=True)
class PushTable:
    """The push channels, and the settings that all of them share."""

    channels: tuple[str, ...] = setting(("console",), "for people without channels of their own")
    next_channel_s: float = setting(
        30.0, "seconds until the server also tries a person's next channel", low=5, high=600
    )
    workers: int = setting(8, "pushes that one channel sends at the same time", low=1, high=64)
    give_up_h: float = setting(12.0, "hours of retries for one push", low=0.1, high=72)
    options: dict[str, Any] = other_keys("by channel, the keys that it declares")

    def check(self, used: Collection[str]) -> None:
        """Raise SettingsError for a key that is neither of this table nor a channel.

        What people use and is not installed is named where they use it: a running server may have
        loaded it before its package was taken away.
        """
        for name in self.channels:
            if not (plugins.is_installed(CHANNELS, name) or name in used):
                known = ", ".join(plugins.names(CHANNELS))
                raise SettingsError("push.channels", f"no channel {name!r}; installed: {known}")
        for name, table in self.options.items():
            if not (plugins.is_installed(CHANNELS, name) or name in used):
                own = [field.name for field in fields(self) if field.name != "options"]
                raise no_such_key(f"push.{name}", (*own, *plugins.names(CHANNELS)))
            if not isinstance(table, dict):
                raise SettingsError(f"push.{name}", "a table is expected")


@dataclass(frozen=True, slots=True)
class AnswersTable:
    """Answers from phones; without LEGWATCH_ANSWER_KEY[_FILE] the first start makes a key."""

    url: str = setting(
        "", "address of this server for phones; empty: no buttons", form=forms.web_address
    )
    valid_h: float = setting(12.0, "hours for which a button works", low=0.5, high=72)


@dataclass(frozen=True, slots=True)
class RehearsalTable:
    """A silent test push on every channel each evening, and a weekly "I can be woken" tap."""

    at: str = setting("20:30", "local time of the test pushes; empty: never", form=_time_or_never)
    confirm: str = setting("sun", "weekday of the weekly tap; empty: never", form=_day_or_never)


@dataclass(frozen=True, slots=True)
class HeartbeatTable:
    """A service elsewhere that reports when this server is dead.

    The server sends heartbeats only while fresh windows arrive.
    """

    url: str = setting(
        "", "address to call, such as a Healthchecks URL; empty: none", form=forms.web_address
    )
    every_s: float = setting(60.0, "seconds between two heartbeats", low=10, high=3600)


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """InfluxDB 2 or a compatible store; the token comes from LEGWATCH_INFLUX_TOKEN[_FILE]."""

    enabled: bool = setting(False, "true: `legwatch history` copies the rows to the store")
    url: str = setting("http://127.0.0.1:8086", "root of the store", form=forms.web_address)
    org: str = setting("legwatch", "organisation", form=forms.some)
    bucket: str = setting("legwatch", "bucket", form=forms.some)
    every_s: float = setting(10.0, "seconds between two checks for new rows", low=0.1, high=3600)


@dataclass(frozen=True, slots=True)
class StoreTable:
    """How long the database keeps every window; minutes and nights are kept for ever."""

    raw_months: int = setting(
        13, "months for which every window is kept, to replay its night", low=1, high=1200
    )


@dataclass(frozen=True, slots=True)
class BackupTable:
    """A backup each day, sealed if LEGWATCH_BACKUP_PASSPHRASE[_FILE] gives a passphrase."""

    folder: str = setting("", "folder for a backup each day, such as of a USB stick; empty: none")
    at: str = setting("12:30", "local time of the backup", form=forms.clock_time)
    keep: int = setting(14, "backups that stay; older ones are deleted", low=1, high=3660)


@dataclass(frozen=True, slots=True)
class HouseTable:
    """The broker of `legwatch up`, open to paired beds elsewhere in the house, over TLS."""

    port: int = setting(
        0, "port for beds elsewhere; 8883 is usual; 0: this machine only", low=0, high=65535
    )
    address: str = setting("", "address to listen on; empty: all of this machine")


@dataclass(frozen=True, slots=True)
class BedTable:
    """The settings of one bed that differ from the server's."""

    profile: str = setting("", "alert profile; empty: the server's")
    zone: str = setting("", "time zone; empty: the server's")
    rules: dict[str, Any] = setting({}, 'limits of this bed: "stillness.warn_s" = 7200')
    paused_until: date | None = setting(
        None, "not watched until noon of this day, such as 2026-12-10; not given: watched"
    )
    ended: bool = setting(False, "true: out of use for good; its nights stay stored")
    played: bool = setting(
        False, "true: the agent plays recordings; the server uses their timeline, not its clock"
    )


# A change of these takes effect at the next start; all other keys take effect at once.
AT_THE_NEXT_START = ("state_dir", "mqtt", "http", "heartbeat", "history", "house", "push.workers")
# Of those, what another program reads at its own start: the server waits for nothing.
OF_OTHERS = ("history", "house")


_USUAL = BedTable()  # of a bed that the settings do not name


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All settings of a server."""

    state_dir: str = setting(
        str(locations.SERVERS_STATE), "folder of the database", form=forms.some
    )
    zone: str = setting("", "time zone of the beds, such as Europe/Berlin; empty: this machine's")
    profile: str = setting("standard", "alert profile: standard or at_risk")
    clock: str = setting(
        "auto", "trusted: the clock is right without systemd-timesyncd", choices=("auto", "trusted")
    )
    rules: dict[str, Any] = setting({}, 'limits of all beds: "stillness.warn_s" = 7200')
    beds: dict[str, BedTable] = setting({}, "beds with settings of their own, by name")
    mqtt: BrokerTable = setting(BrokerTable, "the broker")
    http: HttpTable = setting(HttpTable, "the HTTP server")
    push: PushTable = setting(PushTable, "notifications")
    people: dict[str, Person] = setting({}, "the people to notify, by name")
    roster: tuple[Shift, ...] = setting((), "who is on call on which nights; the last match wins")
    escalation: Escalation = setting(Escalation, "when to notify the next person")
    answers: AnswersTable = setting(AnswersTable, "answers from phones")
    rehearsal: RehearsalTable = setting(RehearsalTable, "the evening's test pushes")
    heartbeat: HeartbeatTable = setting(HeartbeatTable, "the external watcher")
    store: StoreTable = setting(StoreTable, "how long the database keeps what")
    backup: BackupTable = setting(BackupTable, "a backup each day")
    history: HistoryTable = setting(HistoryTable, "long-term history for Grafana")
    house: HouseTable = setting(HouseTable, "the broker of `legwatch up`, for beds elsewhere")

    DOORS: ClassVar[tuple[Door, ...]] = (Door("push.{name}", "a push channel", CHANNELS),)

    def check(self) -> None:
        """Check zones, profiles, limits, people and addresses; raises SettingsError."""
        check_ca_file(self.mqtt.ca_file)
        check_state_dir(self.state_dir)
        check_orders(self.rules_of(""), owners(self.rules), _limit_key)
        seen: set[int] = set()  # beds that are alike have one table
        for bed, table in self.beds.items():
            people.check_beds((bed,), f"beds.{bed}")
            if id(table) not in seen:
                own = {**owners(self.rules), **owners(table.rules)}
                check_orders(self.rules_of(bed), own, self._key_of(bed))
                seen.add(id(table))
        people.check(self.people, self.roster)
        self.push.check(self.channel_names())
        _check_channels(self)
        if self.people:
            # A pause ends by itself, and then somebody has to be told: a paused bed counts.
            used = [n for n, t in self.beds.items() if not t.ended]
            people.check_watched(self.people, self.roster, used)
        for name, person in self.everybody().items():
            if not person.channels:
                raise SettingsError("push.channels", f"there is no channel to notify {name}")
        _check_port(self)

    def everybody(self) -> dict[str, Person]:
        """Return all people with their channels; one person if the settings name nobody.

        Beside other channels the log is none: its line would count as a push that has left.
        """
        named = self.people or {EVERYONE: Person(role=SLEEPER)}
        asked = {name: person.channels or self.push.channels for name, person in named.items()}
        return {
            name: replace(person, channels=_loud(asked[name]) or asked[name])
            for name, person in named.items()
        }

    def beside_log(self) -> list[str]:
        """Return the keys that name the log beside other channels, where it is not used."""
        every = {f"people.{name}.channels": one.channels for name, one in self.people.items()}
        every["push.channels"] = self.push.channels
        return [key for key, names in every.items() if 0 < len(_loud(names)) < len(names)]

    def channel_names(self) -> dict[str, str]:
        """Return every channel in use, with the path of the settings key that names the channel."""
        names: dict[str, str] = {}
        for name, person in self.everybody().items():
            own = name in self.people and self.people[name].channels
            for channel in person.channels:
                names.setdefault(channel, f"people.{name}.channels" if own else "push.channels")
            for channel in person.quiet:
                names.setdefault(channel, f"people.{name}.quiet")
        return names

    def channel_keys(self) -> list[str]:
        """Return the settings keys that name the channels of the people, sorted."""
        own = {
            name for name in self.everybody() if name in self.people and self.people[name].channels
        }
        keys = {f"people.{name}.channels" for name in own}
        return sorted(keys if keys and own == set(self.everybody()) else {*keys, "push.channels"})

    def zone_of(self, bed: str) -> ZoneInfo:
        """Return the bed's own time zone, or else the server's; raises SettingsError."""
        own = self.beds.get(bed, _USUAL).zone
        path = f"beds.{bed}.zone" if own else "zone"
        return zone_named(own or self.zone or machine_zone().name or "UTC", path)

    def profile_of(self, bed: str) -> str:
        """Return the bed's own profile, or else the server's."""
        return self.beds.get(bed, _USUAL).profile or self.profile

    def plays(self, bed: str) -> bool:
        """Return True if the bed's agent may play recordings."""
        table = self.beds.get(bed)  # asked for each window of a recording
        return table is not None and table.played

    def concerns(self) -> Iterator[str]:
        """Yield what is left out of the settings, and why."""
        yield from fixed_limits.concerns(self.rules, "rules")
        for bed, table in self.beds.items():
            yield from fixed_limits.concerns(table.rules, f"beds.{bed}.rules")

    def rules_of(self, bed: str) -> Rules:
        """Return the limits for a bed's profile, zone and own rules; raises SettingsError."""
        table = self.beds.get(bed, _USUAL)
        if not (table.profile or table.zone or table.rules):
            rules = _shared(self)  # cached: most beds are alike, and limits take time to read
        else:
            own = {**owners(self.rules), **owners(table.rules)}
            zone = self.zone_of(bed)
            rules = rules_for(self.profile_of(bed), own, zone, self._key_of(bed))
        placed = table.zone or self.zone or table.played or machine_zone().name
        return rules if placed else always_night(rules)  # nobody knows where the bed stands

    def _key_of(self, bed: str) -> Callable[[str], str]:
        """Return what names the settings key of a bed's limit: one of its own, or of all beds."""
        own = owners(self.beds.get(bed, _USUAL).rules)
        return lambda limit: f"beds.{bed}.rules.{limit}" if limit in own else _limit_key(limit)


def _limit_key(limit: str) -> str:
    return f"rules.{limit}"


def _check_channels(settings: ServerSettings) -> None:
    """Raise SettingsError for a channel that is named twice."""
    _check_once(settings.push.channels, "push.channels")
    for name, person in settings.people.items():
        _check_once(person.channels, f"people.{name}.channels")
        _check_once(person.quiet, f"people.{name}.quiet")


def _loud(channels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the channels that can reach a person."""
    return tuple(name for name in channels if name != LOG_ONLY)


def _check_once(channels: tuple[str, ...], path: str) -> None:
    twice = [name for name, count in Counter(channels).items() if count > 1]
    if twice:
        raise SettingsError(path, f"{twice[0]!r} is named twice")


def _check_port(settings: ServerSettings) -> None:
    """Raise SettingsError if the HTTP server would take the port of the broker."""
    http, broker = settings.http, settings.mqtt
    here = broker.host in _LOOPBACK and http.host in {*_LOOPBACK, "0.0.0.0", "::"}  # noqa: S104 - compared only
    if http.port == broker.port and (here or http.host == broker.host):
        raise SettingsError("http.port", f"{http.port} is the port of the broker (mqtt.port)")


@cache
def _shared_rules(profile: str, zone: ZoneInfo, own: tuple[tuple[str, Any], ...]) -> Rules:
    return rules_for(profile, dict(own), zone, _limit_key)


def _shared(settings: ServerSettings) -> Rules:
    own, zone = owners(settings.rules), settings.zone_of("")
    if not all(isinstance(value, int | float) for value in own.values()):
        return rules_for(settings.profile, own, zone, _limit_key)  # raises what is wrong
    return _shared_rules(settings.profile, zone, tuple(sorted(own.items())))


def with_start_keys(new: Mapping[str, Any], of_start: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table that is in force when `new` is loaded: some keys stay those of the start."""
    table = dict(new)
    for path in AT_THE_NEXT_START:
        key, _, inner = path.partition(".")
        if not inner:
            _take(table, key, of_start)
        elif key in table or key in of_start:
            table[key] = dict(table.get(key, {}))
            _take(table[key], inner, of_start.get(key, {}))
            if not table[key] and key not in new:
                del table[key]
    return table


def _take(table: dict[str, Any], key: str, of_start: Mapping[str, Any]) -> None:
    table.pop(key, None)
    if key in of_start:
        table[key] = of_start[key]


def of_server(keys: Iterable[str]) -> list[str]:
    """Return those of the changed keys that the server reads."""
    return [key for key in keys if key.partition(".")[0] not in OF_OTHERS]


def needs_start(keys: Iterable[str]) -> list[str]:
    """Return those of the changed keys that take effect only at the next start."""
    return [
        key for key in keys if any(key == k or key.startswith(f"{k}.") for k in AT_THE_NEXT_START)
    ]
