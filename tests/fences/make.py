"""Write the fixtures of the fences that are not there yet; what is there is never written anew.

    PYTHONPATH=core:device:server:tests python tests/fences/make.py NAME ...

Run it only to add a fixture that is new. A fixture that the code of today cannot read any more is
a fault of that code.
"""

import json
import sys
import tomllib

from fences import make_database, make_spool, make_states, make_wire
from fences.kept import HERE, save
from repository import PROFILES


def limits() -> None:
    """Write down every limit of the profiles."""
    standard, at_risk = (
        {
            f"{group}.{name}": limit["value"]
            for group, named in tomllib.loads((PROFILES / f"{profile}.toml").read_text()).items()
            if isinstance(named, dict)
            for name, limit in named.items()
        }
        for profile in ("standard", "at_risk")
    )
    for profile, table in (("standard", standard), ("at_risk", standard | at_risk)):
        text = json.dumps(table, indent=1)
        save(HERE / "limits" / f"{profile}.json", f"{text}\n".encode())


MAKERS = {
    "limits": limits,
    "states": make_states.make,
    "database": make_database.make,
    "spool": make_spool.make,
    "wire": make_wire.make,
}


def main() -> None:
    for name in sys.argv[1:]:
        MAKERS[name]()


if __name__ == "__main__":
    main()
