"""What the methods of a channel must return: another package may have written it."""

import inspect

from legwatch.printable import printable
from legwatch_server.notify.channels import Permanent, Progress, Retryable, Sent

MOST_RECEIPT = 200  # bytes
MOST_PROOF = 200  # characters: `duty` shows it in one line


class WrongAnswer(Permanent):
    """What a method has returned is none of its answers: it says nothing of the way to a person."""


class Raised(WrongAnswer):
    """`progress` has raised what it should not; the log has it, with its line."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the channel's progress failed: {why}")


class Hung(Retryable):
    """`withdraw` has not come back in time; its thread goes on."""

    def __init__(self, within_s: float) -> None:
        super().__init__(f"the channel's withdraw has not come back for {within_s:g} s")


def accepted(answer: object) -> Sent:
    """Return what `send` of a channel has returned; raises Permanent if that is no `Sent`."""
    if not isinstance(answer, Sent):  # nobody knows what that channel has done
        raise Permanent(_refused("send", "Sent", answer))
    if not isinstance(answer.receipt, str):  # it could not be stored
        raise Permanent(f"a receipt must be a text, not {type(answer.receipt).__name__}")
    try:
        size = len(answer.receipt.encode())
    except UnicodeEncodeError:
        raise Permanent("a receipt must be a text that UTF-8 can hold") from None
    if size > MOST_RECEIPT:  # half a receipt would withdraw nothing, or another push
        raise Permanent(f"a receipt has at most {MOST_RECEIPT} bytes, not {size}")
    return Sent(answer.receipt, delivered=answer.delivered is True)


def proven(answer: object) -> str:
    """Return what `rehearse` has returned as one line, empty if it is blank.

    Raises WrongAnswer if it is no text.
    """
    if not isinstance(answer, str):
        raise WrongAnswer(_refused("rehearse", "a text", answer))
    return printable(" ".join(answer.split()), MOST_PROOF)


def progressed(answer: object) -> Progress:
    """Return what `progress` has returned; raises WrongAnswer if that is no `Progress`."""
    if not isinstance(answer, Progress):
        raise WrongAnswer(_refused("progress", "a Progress", answer))
    return answer


def check_taken_back(answer: object) -> None:
    """Check what `withdraw` has returned; raises WrongAnswer if that is anything but None.

    Nobody knows then whether the push is off the phone, and what is `async` has never run.
    """
    if answer is not None:
        raise WrongAnswer(_refused("withdraw", "nothing", answer))


def _refused(method: str, what: str, answer: object) -> str:
    must = f"the channel's {method} must return {what}"
    if inspect.iscoroutine(answer):
        answer.close()  # nobody awaits it
        return f"{must}, so write def, not async def"
    return f"{must}, not {type(answer).__name__}"
