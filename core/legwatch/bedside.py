"""What the server knows of a bed's agent: what it says of itself, and whether it is there.

Some of these facts are said to people without a sound, as reports: windows that the agent had to
drop, windows that come and cannot be read, two agents that send as one bed, and an agent that is
gone at night and does not come back. The alert that no window comes follows later, and does not
depend on this.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind, report
from legwatch.alerting.told_here import ToldHere
from legwatch.conditions.verdict import Reason
from legwatch.contract.bedside_info import BedsideInfo
from legwatch.contract.failing import Failing
from legwatch.limits.rules import Rules, is_night
from legwatch.named_tuples import reader
from legwatch.rivals import Rivals, are_there

GONE_MS = 300_000  # an agent that starts again or a network that stumbles is back by then
# Each is said at most once in this time: an agent without a server loses more each minute, and a
# bad network comes and goes all night.
AGAIN_MS = 12 * 3_600_000

_encoder = json.JSONEncoder(separators=(",", ":"))

# Windows that cannot be read, and none that can: so many, over so much time, are no passing fault.
UNREAD_WINDOWS = 6
UNREAD_MS = 120_000


class UnreadWindows(NamedTuple):
    """Windows that came from a bed and could not be read, since the last one that could."""

    windows: int = 0
    since_ms: int = 0
    newer: int = 0  # their version of the contract, if it is newer than ours


class Bedside(NamedTuple):
    """One bed's agent; times are UTC ms, and 0 is never."""

    info: BedsideInfo | None = None
    online: bool | None = None  # by its last word or its last will; None: not heard yet
    gone_ms: int = 0  # since when it is offline; 0: it is not, or that is too old to be said
    reported_ms: int = 0  # when people were told that it is gone, this time
    lost_said: int = 0  # the count of lost windows that people know
    lost_said_ms: int = 0
    gone_said_ms: int = 0  # when people were last told that it is gone
    unread_said_ms: int = 0  # when people were last told that its windows cannot be read
    rivals_said_ms: int = 0  # when people were last told that two agents send as this bed
    mute_said_ms: int = 0  # when people were last told that a sensor gives nothing
    blind_said_ms: int = 0  # when people were told that this bed can never warn
    mute_said: tuple[str, ...] = ()  # the sensors that they were told of then, and shortly before
    told: tuple[ToldHere, ...] = ()  # what it has told its sleeper while the server was silent


def out_of_order(bedside: Bedside) -> tuple[tuple[str, str], ...]:
    """Return what of a bed does not work, besides its sensors, and why, as far as it is known."""
    info = bedside.info
    if info is None or bedside.online is False:
        return ()
    fittings = ("button", info.button), ("lamp or buzzer", info.lamp)
    return tuple((name, why) for name, why in fittings if why)


def failing(bedside: Bedside) -> tuple[Failing, ...]:
    """Return the sensors of which readings fail, as far as it is known."""
    return bedside.info.failing if bedside.info is not None and bedside.online else ()


def with_info(was: Bedside, info: BedsideInfo) -> Bedside:
    """Take in what an agent says of itself."""
    # What was lost before the first word is old. A smaller count than before is a new count: the
    # spool was made anew.
    known = info.lost if was.info is None else min(was.lost_said, info.lost)
    return was._replace(info=info, lost_said=known)


def with_status(was: Bedside, *, online: bool, at_ms: int, retained: bool) -> Bedside:
    """Take in that an agent has come or gone; how old a retained `offline` is, nobody knows."""
    if online:
        return was._replace(online=True, gone_ms=0)
    fresh = not retained and not was.gone_ms
    return was._replace(online=False, gone_ms=at_ms if fresh else was.gone_ms)


def unseen(was: Bedside, at_ms: int) -> Bedside:
    """Let an agent that is offline have its usual time from now on: nobody could see it until now.

    A broker that stops says of every agent that it is gone; each says `online` some time after it.
    What people were told stands until the agent is back.
    """
    waits = was.gone_ms and not was.reported_ms
    return was._replace(gone_ms=at_ms) if waits else was


def reports(
    was: Bedside,
    at_ms: int,
    rules: Rules,
    *,
    alerting: bool,
    deaf: bool = False,
    unread: UnreadWindows = UnreadWindows(),  # noqa: B008 - a value that cannot change
    rivals: Rivals = Rivals(),  # noqa: B008 - a value that cannot change
    mute: tuple[str, ...] = (),
    blind: bool = False,
) -> tuple[Bedside, tuple[Notice, ...]]:
    """Return what people should be told now, and the bedside after that.

    `alerting`: the alert that no window comes is firing, and says more than a report could; but
    that windows come and cannot be read, it does not say. `deaf`: the server has no broker, so no
    agent can say that it is there. `mute`: sensors that are set up and give nothing, of those that
    no alert tells of. `blind`: no alert on the sleeper can ever come with the sensors of this bed;
    people hear it once, at night.
    """
    now, notices = was, []
    info, gone_ms = now.info, now.gone_ms
    if info and info.lost > now.lost_said and rested(now.lost_said_ms, at_ms):
        notices.append(_lost(now, info, at_ms))
        now = now._replace(lost_said=info.lost, lost_said_ms=at_ms)
    if _lives_unread(unread, at_ms) and rested(now.unread_said_ms, at_ms):
        notices.append(_unread(unread, at_ms))
        now = now._replace(unread_said_ms=at_ms)
    if are_there(rivals, at_ms) and rested(now.rivals_said_ms, at_ms):
        notices.append(report(Reason.TWO_BEDSIDES, at_ms, (("turns", rivals.turns),)))
        now = now._replace(rivals_said_ms=at_ms)
    known_mute = () if rested(now.mute_said_ms, at_ms) else now.mute_said
    news = tuple(name for name in mute if name not in known_mute)
    if news:
        notices.append(report(Reason.SENSOR_MUTE, at_ms, (("sensor", ", ".join(news)),)))
        now = now._replace(mute_said_ms=at_ms, mute_said=(*known_mute, *news))
    if blind and not now.blind_said_ms and is_night(at_ms, rules):
        notices.append(report(Reason.NEVER_WARNS, at_ms, ()))
        now = now._replace(blind_said_ms=at_ms)
    if now.reported_ms and not gone_ms:
        notices.append(_over(now, Reason.BACK, at_ms))
        now = now._replace(reported_ms=0)
    # Later than this, the alert that no window comes says it.
    lately = GONE_MS <= at_ms - gone_ms < rules.health.agent_s * 1000 and not (alerting or deaf)
    said = now.reported_ms or not rested(now.gone_said_ms, at_ms)
    if gone_ms and lately and not said and is_night(at_ms, rules):
        now = now._replace(reported_ms=at_ms + len(notices), gone_said_ms=at_ms)
        notices.append(_gone(now, at_ms))
    return now, tuple(_apart(notices, at_ms))


def _apart(notices: Sequence[Notice], at_ms: int) -> Iterator[Notice]:
    """Make each report an episode of its own: on a phone, one replaces what is of the same."""
    for place, notice in enumerate(notices):
        first = notice.transition is TransitionKind.REPORTED
        yield replace(notice, episode_ms=at_ms + place) if first else notice


def at_rest(was: Bedside, at_ms: int) -> tuple[Bedside, tuple[Notice, ...]]:
    """Return the bedside of a bed that is watched no longer, and the end of what was said of it."""
    notices = (_over(was, Reason.NOT_WATCHED, at_ms),) if was.reported_ms else ()
    return was._replace(reported_ms=0), notices


def watched_again(was: Bedside, at_ms: int) -> Bedside:
    """Return the bedside of a bed that is watched again: what was lost meanwhile, nobody misses."""
    was = unseen(was, at_ms)
    return was if was.info is None else was._replace(lost_said=was.info.lost)


def rested(said_ms: int, at_ms: int) -> bool:
    """Return True if the last report is long ago, or lies ahead: the clock was wrong then."""
    return abs(at_ms - said_ms) >= AGAIN_MS


def _lives_unread(unread: UnreadWindows, at_ms: int) -> bool:
    """Return True if the bed's windows do not get through, and have not for some time."""
    return unread.windows >= UNREAD_WINDOWS and at_ms - unread.since_ms >= UNREAD_MS


def _unread(unread: UnreadWindows, at_ms: int) -> Notice:
    reason = Reason.NEWER_VERSION if unread.newer else Reason.WINDOWS_UNREAD
    figures = (
        ("windows", unread.windows),
        ("for_min", (at_ms - unread.since_ms) // 60_000),
        *((("version", unread.newer),) if unread.newer else ()),
    )
    return report(reason, at_ms, figures)


def _lost(bedside: Bedside, info: BedsideInfo, at_ms: int) -> Notice:
    windows = info.lost - bedside.lost_said
    minutes = max(1, windows * (info.window_s or 10) // 60)
    figures = (("windows", windows), ("for_min", minutes))
    return report(Reason.WINDOWS_LOST, at_ms, figures)


def _gone(bedside: Bedside, at_ms: int) -> Notice:
    return report(Reason.BEDSIDE_GONE, at_ms, (("for_min", (at_ms - bedside.gone_ms) // 60_000),))


def _over(bedside: Bedside, reason: Reason, at_ms: int) -> Notice:
    """Return the end of the report: its quiet pushes are taken back, and nobody gets a new one."""
    return replace(
        report(reason, at_ms, ()),
        transition=TransitionKind.RESOLVED,
        suppressed_by=SuppressedBy.LOG_ONLY,
        episode_ms=bedside.reported_ms,
    )


def to_json(bedside: Bedside, encode: Callable[[object], str] = _encoder.encode) -> str:
    """Write a bedside as JSON; `known` gives an equal one back. `encode` writes any value."""
    return encode(bedside)


def known(text: str | None) -> Bedside:
    """Read a bedside back; what another version has written differently is not known."""
    try:
        found: Bedside = reader(Bedside)(json.loads(text or "null"))
    except ValueError:
        return Bedside()
    return found
