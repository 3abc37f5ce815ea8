"""The mqtt channel: the bedside agent switches a lamp or a buzzer at the bed.

Without an answer from the agent the outbox sends the command again with the same id. The agent acts
on each id only once.
"""

from dataclasses import dataclass

from legwatch.contract.bedside_command import Cmd, Command, Loudness
from legwatch.contract.topics import check_bed
from legwatch.errors import SettingsError, WireError
from legwatch.oncall.escalation import Purpose
from legwatch.settings import setting
from legwatch_server.notify.channels import (
    Asks,
    ChannelContext,
    Permanent,
    Push,
    Recipient,
    Retryable,
    Sent,
)


class Bedside:
    """Sends commands to the agent over the server's broker connection."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of the lamp or buzzer at the bed."""

        timeout_s: float = setting(5.0, "time to wait for the agent's answer", low=1, high=60)

    def __init__(self, options: Options, context: ChannelContext) -> None:
        for person in context.recipients:
            _check_address(person)
        self._keys = {person.name: person.path for person in context.recipients if person.named}
        self._timeout_s = options.timeout_s
        self._bedsides: Asks | None = None

    def speak_over(self, bedsides: Asks) -> None:
        """Send all later commands through `bedsides`."""
        self._bedsides = bedsides

    def send(self, push: Push) -> Sent:
        """Light the lamp; switch it off if somebody has answered or the alert is over."""
        if push.purpose is Purpose.INFO:
            ident, _ = self._ask(push, Cmd.CALM)
        else:
            loud = push.purpose is Purpose.LOUD
            ident, _ = self._ask(push, Cmd.NUDGE, Loudness.LOUD if loud else Loudness.QUIET)
        return Sent(receipt=ident, delivered=True)

    def withdraw(self, push: Push, receipt: str) -> None:
        """Switch off the lamp, unless another alert needs it too."""
        del receipt  # `push.thread` names the alert
        self._ask(push, Cmd.CALM)

    def rehearse(self, push: Push) -> str:
        """Make the lamp blink twice, without a sound; return the agent's remark."""
        _, remark = self._ask(push, Cmd.IDENTIFY)
        return remark or "blinked"

    def _ask(self, push: Push, cmd: Cmd, tone: Loudness = Loudness.QUIET) -> tuple[str, str]:
        """Return the command's id and the agent's remark; raises Permanent on refusal."""
        bed = self._bed(push)
        thread = "" if cmd is Cmd.IDENTIFY else push.thread
        command = Command(_ident(push, cmd), cmd, tone, thread)
        if self._bedsides is None:
            raise Retryable("the server is not connected yet")
        result = self._bedsides.ask(bed, command, self._timeout_s)
        if not result.ok:
            raise Permanent(f"the agent of {bed} cannot do it: {result.why or 'no reason given'}")
        return command.id, result.why

    def _bed(self, push: Push) -> str:
        bed = push.to or push.bed
        if not bed:  # an evening test belongs to a person, and this one has several beds, or none
            key = self._keys.get(push.person, "people.NAME.address.mqtt")
            raise Permanent(f"no bed given: {key} must name the bed")
        try:
            return check_bed(bed)
        except WireError as error:
            raise Permanent(str(error)) from None


def _ident(push: Push, cmd: Cmd) -> str:
    """Return an id that is the same at every attempt and that no other push gets."""
    return f"{cmd.value[0]}{push.id}-{push.thread}"[:64]


def _check_address(person: Recipient) -> None:
    try:
        if person.address:
            check_bed(person.address)
    except WireError as error:
        raise SettingsError(person.path, str(error)) from None
