"""Write the state of one bed as JSON and read it back, also from older versions of legwatch."""

import json
from collections.abc import Callable, Sequence

from legwatch import state_v1
from legwatch.alerting.alert import AlertState
from legwatch.bed import Bed
from legwatch.engine import BedState
from legwatch.named_tuples import reader

VERSION = 3
READ = (2, VERSION)  # version 2 has fewer fields, which get their defaults

encode: Callable[[object], str] = json.JSONEncoder(separators=(",", ":")).encode
_IDLE = AlertState()
_ALL_IDLE = Bed().alerts  # the same object in every bed in which no alert has ever fired
_NO_ALERTS = ((),) * len(_ALL_IDLE)
_ALERTS = Bed._fields.index("alerts")


def to_json(state: BedState, encode: Callable[[object], str] = encode) -> str:
    """Write a state as JSON; `from_json` gives an equal state back. `encode` writes any value.

    An alert that was never firing is an empty list: most alerts of most beds, and a third of the
    bytes, which the server writes for each bed in each minute. The last fields of an alert, which
    are younger than the others, are left out if empty, as are the last ones of a bed: no sign is
    shown, and most beds have no thermometer by the ankle. The form is that of older versions then.
    """
    bed = state.bed
    alerts: Sequence[object] = _NO_ALERTS
    if bed.alerts is not _ALL_IDLE:
        alerts = [() if alert == _IDLE else _short(alert) for alert in bed.alerts]
    later = bed[_ALERTS + 1 :]
    while not later[-1]:
        later = later[:-1]
    short = (*bed[:_ALERTS], alerts, *later)
    return encode((VERSION, (short, *state[1:])))


def _short(alert: AlertState) -> tuple[object, ...]:
    if alert.warming_ms is not None:
        return alert
    return alert[:-2] if alert.outlasting_until_ms is None else alert[:-1]


def from_json(text: str) -> BedState:
    """Read a state back; raises ValueError for an unknown version or a wrong structure."""
    try:
        version, fields = json.loads(text)
        if version == state_v1.VERSION:
            fields = state_v1.upgraded(fields)
        elif version not in READ:
            raise ValueError(f"a state of version {version}, at most {VERSION} expected")
        state: BedState = reader(BedState)(fields)
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError(f"not a state: {error}") from None
    return state
