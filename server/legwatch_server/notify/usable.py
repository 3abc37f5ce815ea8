"""Can these settings be used? What `ServerSettings.check` cannot tell: channels and beds."""

from legwatch_runtime.secrets import token
from legwatch_server.notify.channels import Notifier, open_channels
from legwatch_server.notify.known_beds import check_known, heard_beds
from legwatch_server.settings import ServerSettings


def check_usable(settings: ServerSettings) -> dict[str, Notifier]:
    """Return the channels; raises LegwatchError for what the server would refuse."""
    if settings.history.enabled:
        token("LEGWATCH_INFLUX_TOKEN")
    check_known(settings, heard_beds(settings))
    return open_channels(settings)
