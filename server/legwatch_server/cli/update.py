"""`legwatch update`: another version in the place of an installed one, and back if it is not well.

Nothing looks for updates by itself: a person names a file, or an index to ask.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from legwatch_runtime.process import whole

WITHIN_S = 120  # so long a new version may take until it is well
_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}", re.ASCII)


def main(argv: Sequence[str]) -> int:
    """Run `legwatch update`; 0 the new one runs, 1 not done or gone back, 2 wrong arguments."""
    parser = _parser()
    args = parser.parse_args(argv)
    asks = args.index or args.version
    if bool(args.file) == bool(asks):
        parser.error("name either the FILE of a release, or --index URL or --version X.Y.Z")
    from legwatch_server.cli import updating  # noqa: PLC0415 - the help needs none of it

    wish = updating.Wish(
        args.file, args.index, args.version, older=args.older, only_check=args.check,
        within_s=args.within,
    )  # fmt: skip
    return updating.update(wish)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch update",
        description="Install another version in the place of this one, which `sudo"
        " deploy/install.sh` has installed. First all is looked at and kept; if the new version is"
        " not well, the one of before is put back by itself. Nothing looks for updates unasked.",
        epilog="Exit code: 0 the new version runs and is well, 1 not possible now or gone back,"
        " 2 wrong arguments, 130 Ctrl-C: the version of before runs.",
    )
    add = parser.add_argument
    add("file", type=Path, nargs="?", metavar="FILE", help="a release: legwatch-X.Y.Z.tar.gz")
    add("--index", metavar="URL", help="get it from this package index, by pip")
    add("--version", type=_version, metavar="X.Y.Z", help="get this version, by pip")
    add("--check", action="store_true", help="only say what would happen, and change nothing")
    add("--older", action="store_true", help="also install a version that is older")
    add(
        "--within", type=whole(1, 3600), default=WITHIN_S, metavar="SECONDS",
        help=f"so long the new version may take until it is well (default: {WITHIN_S})",
    )  # fmt: skip
    return parser


def _version(word: str) -> str:
    if not _VERSION.fullmatch(word):
        raise argparse.ArgumentTypeError(f"{word[:40]!r} is no version such as 1.2.3")
    return word
