"""`legwatch backup`: settings, database and, if asked for, keys into one file, while all runs."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from legwatch.counted import counted
from legwatch.errors import CannotRun
from legwatch_runtime import locations
from legwatch_runtime.process import EXITS
from legwatch_runtime.rights import is_there
from legwatch_server.cli import passphrase
from legwatch_server.cli.progress import Progress
from legwatch_server.in_force import in_force
from legwatch_server.meant import meant
from legwatch_server.settings_file import is_of_up, owners_file

if TYPE_CHECKING:
    from legwatch_server.backup.archive import Manifest
    from legwatch_server.backup.making import Of

_MB = 1_000_000


def main(argv: Sequence[str]) -> int:
    """Run `legwatch backup`; 0 done, 1 not possible now, 2 wrong arguments or settings."""
    args = _parser().parse_args(argv)
    from legwatch_server.backup.making import Of, make  # noqa: PLC0415 - the help needs none of it

    found = in_force(meant(args.config))
    found.must_have_run()
    to = _target(args.file, force=args.replace)
    words = passphrase.chosen(args.passphrase_file) if args.encrypt else ""
    of_up = is_of_up(found.file)
    agent = args.agent_config or (_owners(found.folder.parent / "agent.toml") if of_up else None)
    of = Of(found.folder, of_up, owners_file(found.file), agent, keys=args.keys)
    with Progress() as progress:
        manifest = make(of, to, words, progress.report)
    for line in _lines(to, manifest, of, sealed=bool(words)):
        print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch backup",
        description="Write settings and database into one file, while all runs. The file is opened"
        " again and checked. `legwatch restore FILE` puts it back, also on another Pi.",
        epilog=EXITS,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the backup, such as legwatch.tar")
    parser.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser.add_argument(
        "--agent-config",
        type=Path,
        metavar="FILE",
        help="agent.toml, to be kept, too (of `legwatch up` it is found)",
    )
    parser.add_argument(
        "--keys", action="store_true", help="also keys and tokens; whoever has the file has them"
    )
    parser.add_argument(
        "--encrypt",
        action="store_true",
        help="seal it with a passphrase; the program `age` opens it, too",
    )
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help=passphrase.FILE_HELP)
    parser.add_argument("--replace", action="store_true", help="replace a file that is there")
    return parser


def _target(file: Path, *, force: bool) -> Path:
    """Return where the backup goes; raises CannotRun if something is there, or no folder is."""
    is_there(file)  # raises if we may not even look
    if not file.parent.is_dir():
        raise CannotRun(f"{file.parent} is no folder: make it first")
    if file.is_dir():
        raise CannotRun(f"{file} is a folder: name a file in it, such as {file / 'legwatch.tar'}")
    if file.exists() and not force:
        raise CannotRun(f"{file} is there already: name another file, or give --replace")
    return file.absolute()


def _owners(made: Path) -> Path | None:
    return owners_file(made) if made.exists() else None


def _lines(to: Path, manifest: "Manifest", of: "Of", *, sealed: bool) -> list[str]:
    how = "sealed with the passphrase" if sealed else "not sealed: whoever has it can read it"
    names = [name for name in manifest.files if not name.startswith("keys/")]
    keys = len(manifest.files) - len(names)
    size_mb = max(0.1, to.stat().st_size / _MB)
    secrets = f"{counted(keys, 'file')} with keys or secrets" if keys else "no keys and no secrets"
    said = [
        f"{to}: {size_mb:.1f} MB, {how}. It was opened again and is whole.",
        f"In it: {', '.join(name.rpartition('/')[2] for name in names)}; {secrets}.",
    ]
    lacks = []
    if of.agent is None:
        lacks.append("the settings of the bedside (--agent-config FILE)")
    if not of.keys:
        lacks.append("keys and tokens (--keys): without them the links in old pushes end")
    if not of.of_up:
        lacks.append("the broker's users and certificates")
    return [*said, *([f"Not in it: {'; '.join(lacks)}."] if lacks else [])]
