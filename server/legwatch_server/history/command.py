"""`legwatch history`: send the stored nights to InfluxDB or a compatible store."""

from collections.abc import Sequence

from legwatch.errors import SettingsError
from legwatch_runtime.process import settings_parser
from legwatch_server.settings_file import read


def main(argv: Sequence[str]) -> int:
    """Run `legwatch history`; 0 at a clean end, 1 if it cannot run here, 2 for wrong settings."""
    description = "Send stored windows, notices and nights to InfluxDB 2 or a compatible store."
    parser = settings_parser("legwatch history", description, "server.toml")
    parser.add_argument("--once", action="store_true", help="exit once all data is safely stored")
    parser.add_argument("--from-start", action="store_true", help="send everything again")
    args = parser.parse_args(argv)
    settings = read(args.config)
    if not settings.history.enabled:
        raise SettingsError("history.enabled", "is false; set it to true and give the url")
    from legwatch_server.history.run import run  # noqa: PLC0415 - it brings an HTTP client along

    return run(settings, once=args.once, from_start=args.from_start)
