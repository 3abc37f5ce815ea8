"""`legwatch score`: how good the rules are on made nights whose truth is known.

The rules and a simple automation get the same windows; the truth beside the night judges both. The
words of the report:

- *Cold alert*: one per episode, from the time at which it reaches the level warning, with or
  without a sound. It is true if, at that time or in the 10 minutes before, legs or feet were
  uncovered in bed, or the colder of leg and foot skin was below 30 C in bed; otherwise false.
- *Uncovering*: both legs, one leg or the whole body uncovered for 30 min or longer. It counts if it
  began 40 min or later after the sleeper got into bed (20 min after an absence of less than
  30 min), in a room below 26 C, and without a sensor or agent fault during it. It is caught if a
  cold alert fired during it, or was firing when it began; in the second case it has no delay. Feet
  alone have a separate line: a sensor at the calf cannot see them.
- *Cold skin*: minutes in bed with the colder leg's skin below 28 C (26 C), and the share of these
  minutes in which a cold alert was firing ("standing"). A crossing is the begin of a time below
  28 C of 10 min or longer. It is told (reported) if a cold alert is firing then or fires within
  60 min. The lead is the time from the alert to the crossing; it is positive if the alert came
  first. Legs that are cold when the sleeper gets into bed have no crossing.
- *Still alert*: one per episode, from the level warning on. It is true if nobody turned or got into
  bed for at least nine tenths of the rule's own limit; otherwise false. The limit of the simple
  automation is 60 min.
- *Normal sleepers*: aged 65 to 80, with a normal movement sensor, in a night without a fault.
- *Fault nights*: nights of the kinds empty_bed, dead_leg, stuck_leg, displaced, dead_movement,
  agent_off and dead_room. A body alert (cold or still) counts if it is false, or if it uses a
  sensor that is faulty at that time. A cold alert uses the leg sensor, and the room sensor unless
  that is silent. A still alert uses the movement sensor. Both use the agent. A true alert from
  working sensors does not count.
- *Sensor faults*: a leg, room or movement sensor that is silent, sends zeros, is stuck or blind. A
  fault is told (reported) if a sensor alert fired between the fault's begin (a blind movement
  sensor: not before somebody first got into bed) and its end, or was firing already; in the second
  case it has no delay. Faults of 30 min or longer have a separate line, without sensors that are
  silent from the begin of the recording: the rules cannot know that they exist. A displaced leg
  sensor has a separate line, too, and so has an agent that is silent for 30 min or longer. A fault
  is told within 10 min if its alert fired at most 10 min after the begin, or was firing already.
- *Dead or stuck sensor*: nights of the kinds dead_leg, stuck_leg and dead_movement in which the
  sensor worked before the fault. A night is told if all its faults were told within 10 min.
- *False health alert*: a sensor or agent alert in a night without any fault.
- *Wake-up*: each notice with a sound: fired, raised or repeated, at the level warning or above, and
  not suppressed. Every alert of the simple automation makes a sound.
- *Early sign*: a hit if a cold alert fires in the 30 min after it, or legs or feet are then truly
  uncovered or cold. A true cold alert without a sign in the 30 min before it is a miss.

Intervals are 95 %, by bootstrap over nights (1,000 resamples, one fixed seed); nights that share a
run of the body model (`run` in the truth) are drawn together. If nothing happened in any night, the
interval is 0 to 0. That is too narrow: in n nights, up to 3 in n are possible.
"""
