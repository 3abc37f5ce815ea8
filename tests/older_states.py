"""States of beds as older versions of legwatch have written them."""

import json
from typing import Any


def as_v1(text: str) -> Any:
    """Return the lists of version 1 of a state that was written in version 3."""
    version, (bed, waiting, end_ms, at_ms) = json.loads(text)
    assert version == 3
    signals, cold, alerts, budget, trial, early_sign_ms, found = bed[:7]
    observation = [*signals[:7], cold[:17], False, *signals[7:9]]
    new = [None] * 5 + [False, 0] + [False] * 3 + [None, False] + [None] * 7 + [False, None]
    older = [observation, found[0], [alert or new for alert in alerts], budget]
    return [1, [[*older, trial, early_sign_ms], waiting, end_ms, at_ms]]
