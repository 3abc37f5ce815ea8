"""Find time zones by name, and compare their hours."""

from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from legwatch.errors import SettingsError
from legwatch.night import local

HALF_YEAR_MS = 182 * 86_400_000


def zone_named(name: str, path: str) -> ZoneInfo:
    """Return a zone such as Europe/Berlin; raises SettingsError that names the key `path`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(path, f"{name!r} is not a time zone such as Europe/Berlin") from None


def same_hours(one: tzinfo, other: tzinfo, at_ms: int) -> bool:
    """Return True if both have the same local time now and in half a year: summer and winter."""
    return all(
        local(ms, one).utcoffset() == local(ms, other).utcoffset()
        for ms in (at_ms, at_ms + HALF_YEAR_MS)
    )
