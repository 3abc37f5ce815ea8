"""`legwatch agent`: read the arguments; only then import all parts of the agent."""

from collections.abc import Sequence

from legwatch_device.arguments import parser


def main(argv: Sequence[str]) -> int:
    """Run `legwatch agent`; return its exit code. Raises SettingsError or CannotRun."""
    args = parser().parse_args(argv)
    from legwatch_device.app import run  # noqa: PLC0415 - its help does not need it

    return run(args)
