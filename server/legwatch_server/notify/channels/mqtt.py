"""The bedside channel: a lamp or buzzer at the bed, switched through the agent by MQTT.

Without the agent's answer a push is tried again under the same id, on which the agent acts only
once.
"""

from legwatch.contract.bedside_command import Cmd, Command, Loudness
from legwatch.contract.topics import check_bed
from legwatch.errors import SettingsError, WireError
from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.channels import Asks, Permanent, Push, Retryable, Sent
from legwatch_server.settings import ServerSettings

CHANNEL = "mqtt"


class Bedside:
    """Has no connection of its own: the broker gives the server one, and this goes over it."""

    def __init__(self, settings: ServerSettings) -> None:
        for name, person in settings.everybody().items():
            _check_address(name, person.address.get(CHANNEL, ""))
        self._timeout_s = settings.push.mqtt.timeout_s
        self._bedsides: Asks | None = None

    def speak_over(self, bedsides: Asks) -> None:
        """Ask the agents by `bedsides` from now on."""
        self._bedsides = bedsides

    def send(self, push: Push) -> Sent:
        """Light the lamp, or put it out when somebody has answered or it is over."""
        if push.purpose is Purpose.INFO:
            ident, _ = self._ask(push, Cmd.CALM)
        else:
            loud = push.purpose is Purpose.LOUD
            ident, _ = self._ask(push, Cmd.NUDGE, Loudness.LOUD if loud else Loudness.QUIET)
        return Sent(receipt=ident, delivered=True)

    def withdraw(self, push: Push, receipt: str) -> None:
        """Put out the lamp, unless it is lit for another alert too."""
        del receipt  # the thread says what is over
        self._ask(push, Cmd.CALM)

    def rehearse(self, push: Push) -> str:
        """Blink twice, without a sound; return what the bedside said."""
        _, said = self._ask(push, Cmd.IDENTIFY)
        return said or "blinked"

    def _ask(self, push: Push, cmd: Cmd, tone: Loudness = Loudness.QUIET) -> tuple[str, str]:
        """Return the command's id and what was said with the yes."""
        bed = _bed(push)
        thread = "" if cmd is Cmd.IDENTIFY else push.thread
        command = Command(_ident(push, cmd), cmd, tone, thread)
        if self._bedsides is None:
            raise Retryable("the server is not connected yet")
        result = self._bedsides.ask(bed, command, self._timeout_s)
        if not result.ok:
            raise Permanent(f"the agent of {bed} cannot do it: {result.why or 'no reason given'}")
        return command.id, result.why


def _ident(push: Push, cmd: Cmd) -> str:
    """Return an id that is the same at every attempt, and belongs to no other push ever."""
    return f"{cmd.value[0]}{push.id}-{push.thread}"[:64]


def _bed(push: Push) -> str:
    bed = push.to or push.bed
    if not bed:  # an evening's test is about a person, not about a bed
        raise Permanent("which bed? people.<name>.address.mqtt must name it")
    try:
        return check_bed(bed)
    except WireError as error:
        raise Permanent(str(error)) from None


def _check_address(name: str, bed: str) -> None:
    try:
        if bed:
            check_bed(bed)
    except WireError as error:
        raise SettingsError(f"people.{name}.address.{CHANNEL}", str(error)) from None
