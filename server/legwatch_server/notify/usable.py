"""Can these settings be used? What `ServerSettings.check` cannot tell: channels and beds."""

from contextlib import suppress

from legwatch_runtime.secrets import token
from legwatch_runtime.secrets_beside import Locked
from legwatch_server.notify.channels import (
    Notifier,
    build_channel,
    check_unused,
    load_channel,
    open_channels,
)
from legwatch_server.notify.known_beds import check_known, heard_beds
from legwatch_server.settings import ServerSettings


def check_usable(settings: ServerSettings) -> dict[str, Notifier]:
    """Return the channels; raises LegwatchError for what the server would refuse."""
    if settings.history.enabled:
        token("LEGWATCH_INFLUX_TOKEN")
    check_known(settings, heard_beds(settings))
    return open_channels(settings)


def check_typed(settings: ServerSettings) -> None:
    """Check the same for a command; a token that this user may not read is no error of settings."""
    if settings.history.enabled:
        with suppress(Locked):
            token("LEGWATCH_INFLUX_TOKEN")
    check_known(settings, heard_beds(settings))
    check_unused(settings)
    # All names first: who takes wrong keys out, to find the rest, may take a person out.
    kinds = {name: load_channel(name, path) for name, path in settings.channel_names().items()}
    for name, kind in kinds.items():
        with suppress(Locked):
            build_channel(kind, name, settings)
