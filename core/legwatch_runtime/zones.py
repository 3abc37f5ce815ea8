"""Find time zones by name."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from legwatch.errors import SettingsError


def zone_named(name: str, path: str) -> ZoneInfo:
    """Return a zone such as Europe/Berlin; raises SettingsError that names the key `path`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(path, f"{name!r} is not a time zone such as Europe/Berlin") from None
