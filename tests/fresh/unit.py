"""A unit of systemd as the stand-in reads it: in a fresh root, with the standard library only."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

PLACES = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")


@dataclass(frozen=True)
class Unit:
    """The keys of a unit, each with all of its values in order."""

    name: str
    values: dict[str, list[str]] = field(default_factory=dict)

    def all(self, key: str) -> list[str]:
        """Return every value of a key, with %d and %% put in."""
        credentials = f"/run/credentials/{self.name}"
        return [v.replace("%d", credentials).replace("%%", "%") for v in self.values.get(key, ())]

    def last(self, key: str, default: str = "") -> str:
        """Return the value that counts."""
        return self.all(key)[-1] if self.values.get(key) else default

    def yes(self, key: str) -> bool:
        """Return True if the key says yes."""
        return self.last(key) in {"yes", "true", "1", "on"}

    def words(self, key: str) -> list[str]:
        """Return the words of all values of a key."""
        return [word for value in self.all(key) for word in shlex.split(value)]


def parse(name: str, text: str) -> Unit:
    """Read a unit file; an empty value forgets the values before it."""
    values: dict[str, list[str]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        key, equals, value = line.strip().partition("=")
        if not equals or line.lstrip().startswith(("#", ";")):
            continue
        if value.strip():
            values.setdefault(key.strip(), []).append(value.strip())
        else:
            values[key.strip()] = []
    return Unit(name, values)


def find(name: str) -> Unit:
    """Return the unit of this name; raises SystemExit if there is none."""
    name = name if "." in name else f"{name}.service"
    for place in PLACES:
        path = Path(place) / name
        if path.exists():
            more = sorted(path.with_name(f"{name}.d").glob("*.conf"))
            return parse(name, "\n".join(file.read_text() for file in (path, *more)))
    raise SystemExit(f"Failed: Unit file {name} does not exist.")
