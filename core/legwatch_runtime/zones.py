"""Time zones by their name."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from legwatch.errors import SettingsError


def zone_named(name: str, path: str) -> ZoneInfo:
    """Return a zone such as Europe/Berlin; raises SettingsError, which names the key `path`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(path, f"{name!r} is not a zone such as Europe/Berlin") from None
