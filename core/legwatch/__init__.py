"""What legwatch knows: readings, rules, decisions. Pure: no clock, chance, files or network."""

from importlib.metadata import version

__version__ = version("legwatch")
