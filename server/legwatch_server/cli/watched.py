"""What each bed can tell by its sensors, and what it cannot, for commands that show beds."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from legwatch import scope
from legwatch.alerting.told_sensors import doubted
from legwatch.bedside import known
from legwatch.contract.bedside_info import BedsideInfo, made_places
from legwatch.contract.roles import ROLES, THERMOMETERS, Role
from legwatch.events import AlertKind, Window
from legwatch.limits.rules import HealthLimits, Rules
from legwatch.limits.stillness import switched_off
from legwatch.scope import Sensors
from legwatch.signals.thermometer import is_believable
from legwatch.text.span import span
from legwatch_server.cli.asked import Said
from legwatch_server.cli.heard import Heard
from legwatch_server.store.port import Reader

FRESH_MIN = 15  # the last word of a bed that sends is not older
LATELY_MIN = 5  # a thermometer is read each minute or oftener
NEWEST = 90  # windows that are looked at, and shown: a quarter of an hour


def by_bed(reader: Reader, rules_of: Callable[[str], Rules]) -> dict[str, Sensors]:
    """Return the sensors of each bed of which they are known."""
    states, idents = dict(reader.states()), {name: ident for ident, name in reader.beds()}
    found = {}
    for seen in reader.last_seen():
        info = known(seen.bedside).info
        roles = _roles(info, states.get(seen.bed))
        if roles is not None and seen.bed in idents:
            windows = reader.newest(idents[seen.bed], NEWEST)
            health, made = rules_of(seen.bed).health, made_places(info)
            found[seen.bed] = now(reader, idents[seen.bed], roles, windows, health, made)
    return found


def now(
    reader: Reader,
    bed_id: int,
    roles: frozenset[str],
    windows: Sequence[Window],
    health: HealthLimits,
    made: frozenset[str],
) -> Sensors:
    """Return which of a bed's sensors tell nothing now; `windows`: the newest first.

    `made`: those that make their values.
    """
    alert = reader.standing(bed_id, AlertKind.SENSOR)
    named = "" if alert is None else doubted(alert.reason, alert.figures)
    return Sensors(roles, mute(windows, health), named, made)


def _lacks(sensors: Sensors, rules: Rules, *, now: bool) -> bool:
    """Return True if some alert can never come for want of a sensor, or not come `now`.

    A sensor that makes its values is wanting, too.
    """
    off = switched_off(rules)
    if sensors.made or any(scope.never_come(sensors.roles, off)):
        return True
    return now and any(sensors.unseen(off))


def mute(windows: Sequence[Window], health: HealthLimits) -> frozenset[str]:
    """Return the roles without any reading in the last minutes of windows, the newest first.

    A temperature that no bed has is none. In the first minutes a sensor may not have been read
    yet: then only a fault tells.
    """
    if not windows:
        return frozenset()
    last_ms = windows[0].to_ms
    lately = [window for window in windows if last_ms - window.to_ms < LATELY_MIN * 60_000]
    enough = last_ms - lately[-1].to_ms >= (LATELY_MIN - 1) * 60_000
    faults = {sensor for window in lately for sensor, _why in window.faults}
    return frozenset(
        role.name
        for role in ROLES
        if (enough or role.fault in faults)
        and not any(_gives(window, role, health) for window in lately)
    )


def reading(window: Window, column: str) -> float | bool | None:
    """Return a reading of a window, also one for which a Window has no field of its own."""
    if column in Window._fields:
        found: float | bool | None = getattr(window, column)
        return found
    return dict(window.others).get(column)


def _gives(window: Window, role: Role, health: HealthLimits) -> bool:
    found = reading(window, role.fields[0].name)
    if found is None or role.group != THERMOMETERS:
        return found is not None
    return is_believable(found, health)


def _roles(info: BedsideInfo | None, state: str | None) -> frozenset[str] | None:
    told = scope.announced_roles(None if info is None else info.sensors)
    if told is not None or state is None:
        return told
    from legwatch import engine  # noqa: PLC0415 - only an older agent or a recording needs it
    from legwatch_server.cli.stored_state import stored_state  # noqa: PLC0415

    return engine.fitted(info, stored_state(state))


def hindered(beds: Iterable[Heard], now_ms: int, *, running: bool, said: Said) -> dict[str, str]:
    """Return of each bed why it is not watched now though it could be; empty: it is.

    `running`: whether the server runs; `said`: what it says of itself.
    """
    return {one.bed: _hindered(one, now_ms, running=running, said=said) for one in beds}


def _hindered(one: Heard, now_ms: int, *, running: bool, said: Said) -> str:
    if not running:
        return "not now, for the server is not running"
    if said.deaf:
        return "not now, for the server has no connection to the broker"
    if said.unkept:
        return "whether it is now cannot be seen here"
    if known(one.last.bedside).online is False:
        return "not now, for the bedside is off"
    if not one.last.seen_ms:
        return "not now, for no word has come from the bedside yet"
    silent = span(max(0, now_ms - one.last.seen_ms) / 60_000)
    late = now_ms - one.last.seen_ms > FRESH_MIN * 60_000
    return f"not now, for no word has come from the bedside for {silent}" if late else ""


def can(sensors: Sensors, rules: Rules, but: str = "") -> str:
    """Return what a bed is watched for with these sensors and limits, and what it never tells.

    `but`: why it is not watched now; empty: it is.
    """
    roles, off = sensors.roles, switched_off(rules)
    why, seen = [but] if but else list(sensors.not_now(off)), sensors.seen(off)
    if not scope.can_come(roles, off):
        word = "can NEVER WARN"
    elif sensors.made:
        word = f"NOT TRULY WATCHED: {scope.from_made(scope.watched(roles, off))}"
        word += f" ({'; '.join(why)})" if why else ""
    elif but or not seen:
        word = f"can be watched for {scope.watched(roles, off)} ({'; '.join(why)})"
    else:
        word = "; ".join((f"watched for {sensors.said(off)}", *why))
    return "; ".join((word, *scope.never_come(roles, off), *scope.made_values(sensors.made)))


def lines(
    beds: Mapping[str, Sensors],
    rules_of: Callable[[str], Rules],
    but: Mapping[str, str],
    *,
    lacking: bool = False,
) -> Iterator[str]:
    """Yield what the beds are watched for, and what they can never tell: a line for those alike.

    `but`: why a bed is not watched now. `lacking`: only of beds that lack a sensor or readings.
    """
    alike: dict[str, list[str]] = {}
    for bed, sensors in beds.items():
        rules, why = rules_of(bed), but.get(bed, "")
        if not lacking or _lacks(sensors, rules, now=not why):
            alike.setdefault(can(sensors, rules, why), []).append(bed)
    for text, names in alike.items():
        yield f"{', '.join(names)}: {text}"
