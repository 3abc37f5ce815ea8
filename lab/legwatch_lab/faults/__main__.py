"""`python -m legwatch_lab.faults`: the fault campaign."""

from legwatch_lab.faults.command import main

if __name__ == "__main__":
    raise SystemExit(main())
