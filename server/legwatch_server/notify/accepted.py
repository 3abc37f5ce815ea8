"""What `send` of a channel must return: another package may have written it."""

import inspect

from legwatch_server.notify.channels import Permanent, Sent

MOST_RECEIPT = 200  # bytes


def accepted(answer: object) -> Sent:
    """Return what `send` of a channel has returned; raises Permanent if that is no `Sent`."""
    if inspect.iscoroutine(answer):
        answer.close()  # nobody awaits it
        raise Permanent("the channel's send must return Sent, so write def, not async def")
    if not isinstance(answer, Sent):  # nobody knows what that channel has done
        raise Permanent(f"the channel's send must return Sent, not {type(answer).__name__}")
    if not isinstance(answer.receipt, str):  # it could not be stored
        raise Permanent(f"a receipt must be a text, not {type(answer.receipt).__name__}")
    try:
        size = len(answer.receipt.encode())
    except UnicodeEncodeError:
        raise Permanent("a receipt must be a text that UTF-8 can hold") from None
    if size > MOST_RECEIPT:  # half a receipt would withdraw nothing, or another push
        raise Permanent(f"a receipt has at most {MOST_RECEIPT} bytes, not {size}")
    return Sent(answer.receipt, delivered=answer.delivered is True)
