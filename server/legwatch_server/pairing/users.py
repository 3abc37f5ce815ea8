"""The users of the house's broker: one for each paired bed, one for each program.

They lie in one file, as the broker wants them: with a hash of the password. `legwatch up` looks at
this file and lets its broker read it again, so that a change needs no root and no restart.
"""

import fcntl
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch_runtime.rights import opened_anew, whose

FILE = "users.json"
VERSION = 1
PROGRAM = "program."  # before a program's name: no bed can be called so


class Role(StrEnum):
    """What a user may do: send for one bed, or read all beds and ask."""

    BED = "bed"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class User:
    """A user of the broker; `secret_hash` is what mosquitto keeps of the password."""

    name: str
    role: Role
    secret_hash: str


def program(name: str) -> str:
    """Return a program's name at the broker."""
    return f"{PROGRAM}{name}"


def read(folder: Path) -> dict[str, User]:
    """Return all users by name; none if there is no file. Raises CannotRun if it cannot be read."""
    file = folder / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        why = whose(error, file, reads=True) if isinstance(error, OSError) else "it is no text"
        raise CannotRun(f"{file} cannot be read: {why}") from None
    try:
        body = json.loads(text)
        if body["version"] != VERSION:
            raise CannotRun(f"{file} is of a newer legwatch")
        return {name: _user(name, one) for name, one in body["users"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CannotRun(
            f"{file} is damaged: take it from a backup, or delete it and pair every bed again"
        ) from None


def put(folder: Path, user: User) -> User | None:
    """Add a user, or give one a new password; return who had the name before."""
    with _changed(folder) as found:
        before = found.get(user.name)
        found[user.name] = user
    return before


def drop(folder: Path, name: str) -> bool:
    """Take a user out; return False if there is none of this name."""
    with _changed(folder) as found:
        return found.pop(name, None) is not None


def hashed(name: str, password: str, hasher: str) -> str:
    """Return what mosquitto keeps of a password; `hasher` is the path of mosquitto_passwd."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "passwords"
        file.touch(mode=0o600)
        file.write_text(f"{name}:{password}\n")
        # -U hashes the file in place: other users could read a password on the command line.
        subprocess.run([hasher, "-U", str(file)], check=True, capture_output=True)  # noqa: S603 - the path is the one that was found
        return file.read_text().strip().partition(":")[2]


@contextmanager
def _changed(folder: Path) -> Iterator[dict[str, User]]:
    """Give the users to change, and write them if they have changed; one command at a time."""
    with opened_anew(folder / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        users = read(folder)
        before = dict(users)
        yield users
        if users != before:
            _write(folder, users)


def _write(folder: Path, users: Mapping[str, User]) -> None:
    fresh = folder / f"{FILE}.new"
    body = {
        "version": VERSION,
        "users": {u.name: {"role": u.role, "secret_hash": u.secret_hash} for u in users.values()},
    }
    with opened_anew(fresh) as out:
        json.dump(body, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(folder / FILE)


def _user(name: str, one: Mapping[str, str]) -> User:
    return User(str(name), Role(one["role"]), str(one["secret_hash"]))
