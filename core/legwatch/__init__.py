"""What legwatch knows: readings, rules, decisions. Pure: no clock, chance, files, network, threads."""

from importlib.metadata import version

__version__ = version("legwatch")
