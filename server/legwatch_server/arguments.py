"""The arguments of `legwatch server`."""

import argparse

from legwatch_runtime.process import settings_parser


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    made = settings_parser(
        "legwatch server",
        "Store the windows of all beds, decide on alerts, and notify people.",
        "server.toml",
    )
    made.add_argument("--check-config", action="store_true", help="check the settings and exit")
    return made
