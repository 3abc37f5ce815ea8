"""Run the command: `python -m legwatch_lab.bench.structure`."""

import sys

from legwatch_lab.bench.structure.command import main

sys.exit(main(sys.argv[1:]))
