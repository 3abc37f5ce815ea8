"""The sleeper's movements in a made night: turns, small movements, and moves of the cover."""

from random import Random

from legwatch_lab.nights.spans import NightPlan, inside

SMALL_PER_H = 1.5  # besides the turns: a foot, an arm


def movements(plan: NightPlan, turned: list[int], rng: Random) -> dict[int, int]:
    """Return the counts of movements by second, without seconds of 0."""
    seen: dict[int, int] = {}
    for at_s in turned:
        _burst(seen, at_s, rng.randrange(3, 12), rng)
    for at_s in _at_random(plan, SMALL_PER_H, rng):
        seen[at_s] = seen.get(at_s, 0) + 1
    return {at_s: count for at_s, count in sorted(seen.items()) if 0 <= at_s < plan.length_s}


def turns(plan: NightPlan, rng: Random) -> list[int]:
    """Return the seconds of the turns: random ones, and at the edges of stays and uncoverings."""
    forced = [edge for span in plan.in_bed for edge in span]
    forced += [edge for span in plan.bare for edge in span if inside(plan.in_bed, edge)]
    return sorted([*_at_random(plan, plan.turns_per_h, rng), *forced])


def _at_random(plan: NightPlan, per_h: float, rng: Random) -> list[int]:
    found = []
    for span in plan.in_bed:
        at_s = span.from_s + rng.expovariate(per_h / 3600)
        while at_s < span.to_s:
            found.append(int(at_s))
            at_s += rng.expovariate(per_h / 3600)
    return found


def _burst(seen: dict[int, int], at_s: int, count: int, rng: Random) -> None:
    for _ in range(count):
        second = at_s + rng.randrange(0, 15)
        seen[second] = seen.get(second, 0) + 1
