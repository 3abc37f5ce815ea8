"""The pure core of legwatch: readings in, notices out; no clock, chance, files or network."""

from importlib.metadata import version

__version__ = version("legwatch")
