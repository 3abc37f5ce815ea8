"""Whose files these are: what we write is for its owner only, and an error says whose it is."""

import contextlib
import errno
import grp
import os
import pwd
import stat
from pathlib import Path
from typing import IO

from legwatch.errors import CannotRun

_OF_RIGHTS = (errno.EACCES, errno.EPERM)
FOLDER, FILE = 0o700, 0o600
# The files that legwatch writes into a state_dir; others there are the owner's business.
OURS = ("*.db", "*.db-*", "*.db.*", "*.key", "*.pem", "*.lock", "changes.*", "at_work", "decoding")


def keep_private() -> None:
    """Let every file that this process makes be for its owner only."""
    os.umask(0o077)


def opened_anew(file: Path) -> IO[str]:
    """Open a file to write it anew. If root writes, it belongs to the owner of its folder.

    So a command of root leaves nothing that the service of another user cannot read.
    """
    root = os.geteuid() == 0
    # In a folder of another user, root follows no link: it may lead to a file of the machine.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | (os.O_NOFOLLOW if root else 0)
    descriptor = os.open(file, flags, FILE)
    if root:
        owner = file.parent.stat()
        with contextlib.suppress(PermissionError):  # root of a container may lack this right
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return os.fdopen(descriptor, "w", encoding="utf-8")


def tighten(folder: Path) -> None:
    """Take from all others the rights to a folder and to the files of ours in it."""
    files = {path for pattern in OURS for path in folder.glob(pattern)}
    for path in (folder, *files):
        with contextlib.suppress(OSError):  # a read-only disk; the next start tries again
            _tighten(path)


def _tighten(path: Path) -> None:
    found = path.lstat()
    shared = found.st_mode & stat.S_ISVTX  # a folder such as /tmp
    if stat.S_ISLNK(found.st_mode) or shared or found.st_uid != os.geteuid():
        return
    if found.st_mode & 0o077:
        path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def explained(path: Path, *, reads: bool = False) -> str:
    """Return whose a file or folder is, what may be done with it, who we are, and what helps.

    Of one that is not there, the folder above counts: that one may belong to the whole machine.
    `reads`: a command that only reads can be run by the owner.
    """
    asked = path
    while not _is_there(path) and path != path.parent:
        path = path.parent
    us = _user(os.geteuid())
    try:
        found = path.stat()
    except OSError:
        return f"{path} cannot be seen by {us}, as whom this runs"
    owner = f"{_user(found.st_uid)}:{_group(found.st_gid)}"
    said = f"{path} belongs to {owner} ({stat.filemode(found.st_mode)}), this runs as {us}"
    if found.st_uid == os.geteuid():
        return said
    if reads:
        return f"{said}: run it with {as_user(found.st_uid)}"
    helps = f"chown -R {us} {path}" if path == asked else f"install -d -o {us} {asked}"
    return f"{said}: {helps}"


def whose(error: OSError, path: Path, *, reads: bool = False) -> str:
    """Return what went wrong with a file; also whose it is, if that can be the reason."""
    why = error.strerror or str(error)
    return f"{why}; {explained(path, reads=reads)}" if error.errno in _OF_RIGHTS else why


def as_user(uid: int) -> str:
    """Return what to type before a command so that it runs as this user."""
    return f"sudo -u {_user(uid)}" if uid else "sudo"


def explained_file(path: Path, *, reads: bool = False) -> str:
    """Say the same of a file in a folder of ours; of the folder, if the file is not there."""
    return explained(path if _is_there(path) else path.parent, reads=reads)


def is_there(path: Path) -> bool:
    """Return True if the file is there; raises CannotRun if we may not look."""
    try:
        return path.exists()
    except OSError as error:
        why = f"{path} cannot be read: {error.strerror}; {explained(path.parent, reads=True)}"
        raise CannotRun(why) from None


def may_look(path: Path) -> bool:
    """Return True if we may know whether the file is there."""
    try:
        path.exists()
    except OSError:
        return False
    return True


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
