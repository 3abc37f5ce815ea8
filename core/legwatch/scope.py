"""What the sensors of a bed can tell: which alerts can come, and why others never can.

A bed without a movement sensor looks as well as a bed in which somebody sleeps warm. So whoever
reads of a bed must read, too, what it cannot tell.
"""

from collections.abc import Collection, Iterable, Iterator

from legwatch.events import BODY_KINDS, AlertKind

RECORDING = "all"  # the place that the agent of a recording names; its file says what it has
_NAMES = {"leg": "thermometer by the legs", "movement": "movement sensor"}
# An alert can come if the bed has one sensor of each group. Who may not be in bed gets no alert:
# without a mat or radar (presence), warmth and movement together tell it. The first of a group is
# the one that is simplest to add.
_NEEDS: dict[AlertKind, tuple[tuple[str, ...], ...]] = {
    AlertKind.COLD: (("leg",), ("movement", "presence")),
    AlertKind.STILL: (("leg", "presence"), ("movement",)),
}
_ALERTS = {AlertKind.COLD: "cold alert", AlertKind.STILL: "alert on lying still"}
_WATCHED = {AlertKind.COLD: "cold legs", AlertKind.STILL: "lying still for too long"}


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


def not_now(
    roles: frozenset[str], mute: frozenset[str], off: Collection[AlertKind] = ()
) -> Iterator[str]:
    """Yield what a bed is not watched for now, such as "not now for cold legs, for ..."."""
    for kinds, why in unseen(roles, mute, off):
        yield f"not now for {kinds}, for {why}"


def unseen(
    roles: frozenset[str], mute: frozenset[str], off: Collection[AlertKind] = ()
) -> Iterator[tuple[str, str]]:
    """Yield what cannot be seen now, and why: the sensors in `mute` give no readings.

    Such as ("cold legs", "the thermometer by the legs gives no readings").
    """
    by_lack: dict[str, list[AlertKind]] = {}
    for kind in can_come(roles, off):
        lack = [_of_group(group, roles) for group in _NEEDS[kind] if not set(group) & roles - mute]
        if lack:
            give = "gives" if len(lack) == 1 else "give"
            by_lack.setdefault(f"{' and '.join(lack)} {give} no readings", []).append(kind)
    for why, kinds in by_lack.items():
        yield " and ".join(_WATCHED[kind] for kind in kinds), why


def _of_group(group: tuple[str, ...], roles: frozenset[str]) -> str:
    """Return the name of the sensor of a group that a bed has."""
    role = next(role for role in group if role in roles)
    return f"the {_NAMES.get(role, 'presence sensor')}"


def watched(roles: Collection[str], off: Collection[AlertKind] = ()) -> str:
    """Return what a bed is watched for, such as "cold legs and lying still for too long"."""
    return " and ".join(_WATCHED[kind] for kind in can_come(roles, off)) or "nothing"


def _missing(kind: AlertKind, roles: Collection[str]) -> tuple[str, ...]:
    """Return the names of the sensors that an alert needs and the bed has not."""
    return tuple(_NAMES[group[0]] for group in _NEEDS[kind] if not set(group) & set(roles))
