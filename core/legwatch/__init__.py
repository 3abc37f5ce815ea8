"""The pure core of legwatch: readings in, notices out; no clock, chance, files or network."""


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: that takes longer than most commands."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version  # noqa: PLC0415 - slow to import

    return version("legwatch")
