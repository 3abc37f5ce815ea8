"""Turn stored rows into InfluxDB line protocol; each point has its row's time.

All fields are numbers. A compatible store keeps a text field as 0, which would be a false reading.
The only tags are bed, sensor, kind, level and what: few values, none of them unique to a point.
"""

from collections.abc import Mapping, Sequence

from legwatch.contract.roles import ROLES
from legwatch_server.store.records import StoredNotice, WindowRecord


def window_lines(row: WindowRecord) -> list[str]:
    """Return the points of one window; a missing value has no field."""
    found = []
    for sensor, celsius, humidity in (
        ("leg", row.leg_c, row.leg_rh),
        ("room", row.room_c, row.room_rh),
    ):
        fields = {"temperature_c": celsius, "humidity_pct": humidity}
        found.append(_point("reading", {"bed": row.bed, "sensor": sensor}, fields, row.to_ms))
    found.append(_point("movement", {"bed": row.bed}, {"count": row.moves}, row.to_ms))
    for role, others in _by_role(row.others).items():
        found.append(_point("reading", {"bed": row.bed, "sensor": role}, others, row.to_ms))
    state = {"in_bed": row.in_bed, "late": row.late}
    found.append(_point("bed", {"bed": row.bed}, state, row.to_ms))
    return [line for line in found if line]


def _by_role(others: Sequence[tuple[str, float]]) -> dict[str, dict[str, float]]:
    """Return the values by role and channel; a field whose role is gone is left out."""
    found: dict[str, dict[str, float]] = {}
    values = dict(others)
    for role in ROLES:
        for field in role.fields:
            if field.name in values:
                name = field.channel.removeprefix(f"{role.name}_")
                found.setdefault(role.name, {})[name] = values[field.name]
    return found


def notice_line(row: StoredNotice) -> str:
    """Return the point of one notice with its figures; `pushed` is 1 if people were notified."""
    notice = row.notice
    numbers = {name: value for name, value in notice.figures if isinstance(value, int | float)}
    tags = {
        "bed": row.bed,
        "kind": notice.kind.value,
        "level": notice.severity.value,
        "what": notice.transition.value,
    }
    fields = {"id": row.id, "pushed": int(notice.suppressed_by is None), **numbers}
    return _point("alert", tags, fields, notice.at_ms)


def night_line(bed: str, begin_ms: int, figures: Mapping[str, float]) -> str:
    """Return the point of a night; its time is the noon before the night."""
    return _point("night", {"bed": bed}, figures, begin_ms)


def _point(
    measurement: str, tags: Mapping[str, str], fields: Mapping[str, float | None], at_ms: int
) -> str:
    """Return one line; all numbers are floats, because a field must never change its type."""
    given = [f"{name}={float(value)!r}" for name, value in fields.items() if value is not None]
    if not given:
        return ""
    head = ",".join([measurement, *(f"{name}={value}" for name, value in tags.items())])
    return f"{head} {','.join(given)} {at_ms}"
