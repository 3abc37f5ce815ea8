"""What an update has set out to do and how far it is, on the disk: whoever goes on reads it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from legwatch_server.store.backup import sync
from legwatch_server.update.places import Places

NAME = "plan.json"


class Phase(StrEnum):
    """How far an update is."""

    READY = "ready"  # all is kept, and nothing is changed
    SWITCHING = "switching"  # from now on only the kept program is whole for sure
    BACK = "back"  # the program and the database of before are being put back
    IS_BACK = "is back"  # they are, and it is to be started
    DONE = "done"  # the new version runs


@dataclass(frozen=True, slots=True)
class Plan:
    """An update from one version to another, and what was so before it."""

    root: str
    before: str  # the version that was there
    to: str
    schema: int  # of the database before; 0: there was none
    began_ms: int
    active: bool  # the unit ran
    within_s: int  # so long the new version may take until it is well
    wrong: tuple[str, ...] = ()  # what /health found wrong before: no fault of the new version
    online: tuple[str, ...] = ()  # the bedsides that were there
    backup: str = ""  # empty: there was nothing to keep
    copy: str = ""  # an older database that an older version is to go on with
    newer: str = ""  # where the database lies that was put aside
    why: str = ""  # it goes back
    phase: Phase = Phase.READY

    @property
    def places(self) -> Places:
        """Return the places of this update."""
        return Places(Path(self.root))

    def now(self, phase: Phase, **changed: Any) -> "Plan":
        """Return the plan in another phase; it is on the disk before anybody acts by it."""
        found = replace(self, phase=phase, **changed)
        write(found)
        return found


def write(plan: Plan) -> None:
    """Write a plan, as a whole or not at all."""
    file = plan.places.folder / NAME
    part = file.with_name(f"{NAME}.part")
    with part.open("w", encoding="utf-8") as out:
        json.dump(asdict(plan), out)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    sync(file.parent)


def read(places: Places) -> Plan | None:
    """Return the plan of an update that has not ended; None: there is none."""
    try:
        return _plan(json.loads((places.folder / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _plan(table: Mapping[str, Any]) -> Plan:
    """Return a plan from its fields; those of another version are left out."""
    lists = {name: tuple(table[name]) for name in ("wrong", "online")}
    known = {name: table[name] for name in Plan.__slots__ if name in table}
    return Plan(**{**known, **lists, "phase": Phase(table["phase"])})
