"""`legwatch server`: read the arguments; only then import all parts of the server."""

from collections.abc import Sequence

from legwatch_server.arguments import parser


def main(argv: Sequence[str]) -> int:
    """Run `legwatch server`; return its exit code. Raises SettingsError or CannotRun."""
    args = parser().parse_args(argv)
    from legwatch_server.app import run  # noqa: PLC0415 - its help does not need it

    return run(args)
