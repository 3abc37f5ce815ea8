"""Can these settings be used? What `ServerSettings.check` cannot tell: channels and beds."""

from collections.abc import Collection
from contextlib import suppress

from legwatch.errors import CannotRun, SettingsError
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
    check_waiting(settings)


def check_waiting(
    settings: ServerSettings,
    *,
    held: Collection[str] = (),
    same: Collection[str] = (),
    reloads: bool = True,
) -> None:
    """Check settings that wait on the disk, as the server will; raises LegwatchError.

    A start only warns of a bed, and goes on without a channel that cannot start now; a server that
    `reloads` refuses both. It has started the channels `held`, and of those in `same` nothing
    changes: this command may lack a secret that only the server was given.
    """
    if reloads:
        check_known(settings, heard_beds(settings))
    check_unused(settings, broken_too=reloads)
    # All names first: who takes wrong keys out, to find the rest, may take a person out.
    kinds = {}
    for name, path in settings.channel_names().items():
        if name not in same:
            with suppress(Locked if reloads else CannotRun):
                kinds[name] = load_channel(name, path)
    for name, kind in kinds.items():
        try:
            with suppress(Locked if reloads else CannotRun):
                build_channel(kind, name, settings)
        except SettingsError as error:
            if name not in held or error.path != f"push.{name}":  # no key of it: its secret
                raise
