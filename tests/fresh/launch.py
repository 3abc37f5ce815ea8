"""Become a unit's process, as systemd would: its files, its user, its environment, its command.

It runs in a mount namespace of its own, that systemctl.py has made for it.
"""

import grp
import os
import pwd
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from fresh.unit import Unit, find

HOMES = ("/home", "/root", "/run/user")
# The exit codes of systemd for what fails before the command runs.
NO_GROUP, NO_USER, NO_CREDENTIALS = 216, 217, 243


def mount(*words: str) -> None:
    subprocess.run(["mount", "-n", *words], check=True)


def state_folders(unit: Unit, user: pwd.struct_passwd) -> list[Path]:
    """Make the state folders of the unit, owned by its user."""
    folders = [Path("/var/lib") / name for name in unit.words("StateDirectory")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(int(unit.last("StateDirectoryMode", "755"), 8))
        if folder.stat().st_uid != user.pw_uid:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    return folders


def credentials(unit: Unit, user: pwd.struct_passwd) -> None:
    """Copy the credentials to where only the unit's user can read them."""
    place = Path("/run/credentials") / unit.name
    shutil.rmtree(place, ignore_errors=True)
    for value in unit.all("LoadCredential"):
        name, _, source = value.partition(":")
        place.mkdir(parents=True, exist_ok=True)
        try:
            (place / name).write_bytes(Path(source).read_bytes())
        except OSError as error:
            print(f"Failed to set up credentials: {error}", file=sys.stderr)
            sys.exit(NO_CREDENTIALS)
        (place / name).chmod(0o400)
        os.chown(place / name, user.pw_uid, user.pw_gid)
    if place.exists():
        place.chmod(0o500)
        os.chown(place, user.pw_uid, user.pw_gid)


def files(unit: Unit, writable: list[Path]) -> None:
    """Hide and protect what the unit says."""
    kept = Path("/run/standin/kept") / unit.name
    shown = unit.words("BindReadOnlyPaths")
    for number, path in enumerate(shown):
        (kept / str(number)).mkdir(parents=True, exist_ok=True)
        mount("--bind", path, str(kept / str(number)))
    if unit.yes("PrivateTmp"):
        for place in ("/tmp", "/var/tmp"):
            mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", place)
    if unit.last("ProtectHome", "no") in {"yes", "tmpfs"}:
        hidden = [home for home in HOMES if Path(home).exists()]
        for home in hidden:
            mode = "000" if unit.yes("ProtectHome") else "755"
            mount("-t", "tmpfs", "-o", f"mode={mode}", "tmpfs", home)
    for number, path in enumerate(shown):
        Path(path).mkdir(parents=True, exist_ok=True)
        mount("--bind", str(kept / str(number)), path)
        mount("-o", "remount,bind,ro", path)
    if unit.last("ProtectSystem") == "strict":
        for folder in writable:
            mount("--bind", str(folder), str(folder))
        mount("-o", "remount,bind,ro", "/")


def environment(unit: Unit, user: pwd.struct_passwd) -> dict[str, str]:
    """Return what systemd gives to the unit's process, and nothing of who started it."""
    found = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
        "SHELL": user.pw_shell or "/bin/sh",
        "NOTIFY_SOCKET": os.environ["NOTIFY_SOCKET"],
        "INVOCATION_ID": uuid4().hex,
    }
    if watchdog_s := unit.last("WatchdogSec"):
        found["WATCHDOG_USEC"] = str(int(watchdog_s) * 1_000_000)
    for value in unit.words("EnvironmentFile"):
        file = Path(value.removeprefix("-"))
        if file.exists() or not value.startswith("-"):
            lines = file.read_text().splitlines()
            found |= dict(line.split("=", 1) for line in lines if "=" in line)
    return found | dict(value.split("=", 1) for value in unit.words("Environment"))


def rights(unit: Unit, user: pwd.struct_passwd) -> list[str]:
    """Return the words that take every right away that the unit does not name."""
    if user.pw_uid == 0:
        return []
    try:
        group = grp.getgrnam(unit.last("Group")).gr_gid if unit.last("Group") else user.pw_gid
        own = [entry.gr_gid for entry in grp.getgrall() if user.pw_name in entry.gr_mem]
        more = [grp.getgrnam(name).gr_gid for name in unit.words("SupplementaryGroups")]
    except KeyError as error:
        print(f"Failed to determine supplementary groups: {error}", file=sys.stderr)
        sys.exit(NO_GROUP)
    groups = ",".join(map(str, sorted({*own, *more, group})))
    ids = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={group}", f"--groups={groups}"]
    return [*ids, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def main(name: str) -> None:
    """Become the unit's process."""
    unit = find(name)
    try:
        user = pwd.getpwnam(unit.last("User", "root"))
    except KeyError as error:
        print(f"Failed to determine user credentials: {error}", file=sys.stderr)
        sys.exit(NO_USER)
    words = [*rights(unit, user), *shlex.split(unit.last("ExecStart"))]
    env = environment(unit, user)
    writable = state_folders(unit, user)
    credentials(unit, user)
    files(unit, writable)
    os.chdir(unit.last("WorkingDirectory", "/"))
    os.umask(int(unit.last("UMask", "0022"), 8))
    os.execvpe(words[0], words, env)


if __name__ == "__main__":
    main(sys.argv[1])
