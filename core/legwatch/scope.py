"""What the sensors of a bed can tell: which alerts can come, and why others never can.

A bed without a movement sensor looks as well as a bed in which somebody sleeps warm. So whoever
reads of a bed must read, too, what it cannot tell.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from legwatch.events import BODY_KINDS, AlertKind

ANKLE = "ankle"  # the role that few beds have
RECORDING = "all"  # the place that the agent of a recording names; its file says what it has
_NAMES = {
    "leg": "thermometer by the legs",
    "room": "thermometer of the room",
    "movement": "movement sensor",
    "presence": "presence sensor",
    ANKLE: "thermometer by the ankle",
}
# An alert can come if the bed has one sensor of each group. Who may not be in bed gets no alert:
# without a mat or radar (presence), warmth and movement together tell it. The first of a group is
# the one that is simplest to add.
_NEEDS: dict[AlertKind, tuple[tuple[str, ...], ...]] = {
    AlertKind.COLD: (("leg",), ("movement", "presence")),
    AlertKind.STILL: (("leg", "presence"), ("movement",)),
}
BARE_FOOT = "a bare foot alone: needs a thermometer at the ankle ([sensors.ankle])"
_ALERTS = {AlertKind.COLD: "cold alert", AlertKind.STILL: "alert on lying still"}
_WATCHED = {AlertKind.COLD: "cold legs", AlertKind.STILL: "lying still for too long"}
_FOOT = "a bare foot"  # told by the alert on cold, where a thermometer by the ankle shows it


def fitted(
    announced: Iterable[tuple[str, str]] | None, heard: Collection[str] | None
) -> frozenset[str] | None:
    """Return the roles of a bed's sensors; None: nothing is known of them yet.

    `announced`: the (place, driver) of each sensor that the agent is set up with; None: it is an
    older agent, or not heard yet. Then, and if it plays a recording, those count that were `heard`;
    None: no window has come.
    """
    told = announced_roles(announced)
    if told is None and heard is not None:
        return frozenset(heard)
    return told


def announced_roles(announced: Iterable[tuple[str, str]] | None) -> frozenset[str] | None:
    """Return the roles of a bed's sensors by its agent; None: only what was heard tells them."""
    places = None if announced is None else frozenset(place for place, _driver in announced)
    return None if places is None or RECORDING in places else places


def can_come(roles: Collection[str], off: Collection[AlertKind] = ()) -> tuple[AlertKind, ...]:
    """Return the body alerts that a bed with sensors in these roles can give.

    `off`: the alerts that its limits switch off.
    """
    return tuple(kind for kind in BODY_KINDS if kind not in off and not _missing(kind, roles))


def never_come(roles: Collection[str], off: Collection[AlertKind] = ()) -> Iterator[str]:
    """Yield a sentence for each lack: the alerts that can never come for want of it.

    Such as "no movement sensor: no cold alert can come".
    """
    by_lack: dict[str, list[str]] = {}
    for kind in BODY_KINDS:
        lack = " and ".join(f"no {name}" for name in _missing(kind, roles))
        if lack:
            by_lack.setdefault(lack, []).append(f"no {_ALERTS[kind]}")
    for lack, alerts in by_lack.items():
        yield f"{lack}: {' and '.join(alerts)} can come"
    for kind in off:
        if not _missing(kind, roles):
            yield f"its limits are off (0): no {_ALERTS[kind]} can come"


def beyond(roles: Collection[str], off: Collection[AlertKind] = ()) -> Iterator[str]:
    """Yield what a bed that is watched for cold legs does not see, which one more sensor would.

    It is no fault of a bed: so it is said where people read what a bed is watched for, and nowhere
    else.
    """
    if AlertKind.COLD in can_come(roles, off) and ANKLE not in roles:
        yield BARE_FOOT


class Sensors(NamedTuple):
    """The sensors of a bed by their roles, and which of them tell nothing now.

    `mute`: those that give no readings. `doubted`: the one that a standing alert is about. `made`:
    those that measure nothing, and make their values.
    """

    roles: frozenset[str]
    mute: frozenset[str] = frozenset()
    doubted: str = ""
    made: frozenset[str] = frozenset()

    def seen(self, off: Collection[AlertKind] = ()) -> tuple[AlertKind, ...]:
        """Return the body alerts that can come now."""
        return tuple(kind for kind in can_come(self.roles, off) if not self._unseen(kind))

    def sees_foot(self, off: Collection[AlertKind] = ()) -> bool:
        """Return True if a foot that is bare alone can be told now, by an alert on cold."""
        return AlertKind.COLD in self.seen(off) and ANKLE in self.roles - self.mute

    def sees_empty(self) -> bool:
        """Return True if it can be told now that the bed is empty: a mat, or air and movement."""
        give = self.roles - self.mute
        return "presence" in give or {"leg", "movement"} <= give - {self.doubted}

    def said(self, off: Collection[AlertKind] = ()) -> str:
        """Return what the bed is watched for now."""
        said = words(self.seen(off), self.roles - self.mute)
        return f"{said}, from made values" if self.made else said

    def unseen(self, off: Collection[AlertKind] = ()) -> Iterator[tuple[str, str]]:
        """Yield what cannot be seen now, and why.

        Such as ("cold legs", "the thermometer by the legs gives no readings").
        """
        by_why: dict[str, list[AlertKind]] = {}
        for kind in can_come(self.roles, off):
            if why := self._unseen(kind):
                by_why.setdefault(why, []).append(kind)
        for why, kinds in by_why.items():
            yield words(kinds, self.roles - self.mute), why
        if ANKLE in self.roles & self.mute and AlertKind.COLD in can_come(self.roles, off):
            yield _FOOT, f"the {_NAMES[ANKLE]} gives no readings"

    def not_now(self, off: Collection[AlertKind] = ()) -> Iterator[str]:
        """Yield what a bed is not watched for now, such as "not now for cold legs, for ..."."""
        for kinds, why in self.unseen(off):
            yield f"not now for {kinds}, for {why}"

    def _unseen(self, kind: AlertKind) -> str:
        give = self.roles - self.mute
        lack = [_of_group(group, self.roles) for group in _NEEDS[kind] if not set(group) & give]
        if lack:
            return f"{' and '.join(lack)} {'gives' if len(lack) == 1 else 'give'} no readings"
        # What has cooled is told also beside a movement sensor that is doubted.
        by_movement = self.doubted == "movement" and kind is AlertKind.COLD
        good = give - {self.doubted}
        if by_movement or all(set(group) & good for group in _NEEDS[kind]):
            return ""
        return f"an alert on the {_NAMES[self.doubted]} stands"


def _of_group(group: tuple[str, ...], roles: frozenset[str]) -> str:
    """Return the name of the sensor of a group that a bed has."""
    role = next(role for role in group if role in roles)
    return f"the {_NAMES.get(role, 'presence sensor')}"


def watched(roles: Collection[str], off: Collection[AlertKind] = ()) -> str:
    """Return what a bed is watched for, such as "cold legs and lying still for too long"."""
    return words(can_come(roles, off), roles)


def made_values(made: Collection[str]) -> Iterator[str]:
    """Yield a sentence on the sensors that measure nothing, and make their values; mostly none.

    A bed with such a sensor looks as well as one that is watched: whoever reads of it must know.
    """
    order = [*_NAMES, *sorted(made)]
    *others, last = ["", *(f"the {_named(role)}" for role in sorted(made, key=order.index))]
    if not others:
        return
    named = " and ".join(filter(None, (", ".join(others[1:]), last)))
    are, their, they = ("are", "their", "they see") if others[1:] else ("is", "its", "it sees")
    yield f"{named} {are} simulated: {their} values are made, and {they} nothing of the real bed"


def from_made(watched: str) -> str:
    """Return what alerts of a bed are worth, some of whose sensors make their values."""
    return f"alerts on {watched} come from made values"


def _named(role: str) -> str:
    return _NAMES.get(role, f"{role} sensor")


def words(kinds: Iterable[AlertKind], roles: Collection[str] = ()) -> str:
    """Return what these alerts watch for; `roles`: the sensors that show more than these."""
    named = {kind: _WATCHED[kind] for kind in kinds}
    if AlertKind.COLD in named and ANKLE in roles:
        named[AlertKind.COLD] += f"{',' if len(named) > 1 else ' and'} {_FOOT}"
    return " and ".join(named.values()) or "nothing"


def _missing(kind: AlertKind, roles: Collection[str]) -> tuple[str, ...]:
    """Return the names of the sensors that an alert needs and the bed has not."""
    return tuple(_NAMES[group[0]] for group in _NEEDS[kind] if not set(group) & set(roles))
