"""`legwatch score`: how good the rules are on made nights whose truth is known.

The rules and a simple automation see the same windows; both are judged by the truth beside the
night. What each word of the report means:

- *Cold alert*: it counts from when it reaches the level warning, once an episode, whether it makes
  a sound or not. True when, at its time or in the 10 minutes before, the legs or feet were
  uncovered in bed or the colder of leg and foot skin was below 30 C in bed; else false.
- *Uncovering*: both legs, one leg or all, for 30 min or longer, begun 40 min or later after that
  stay's entry (20 min after an absence of less than 30 min), in a room below 26 C, without a sensor
  or agent fault during it. Caught: a cold alert came during it, or one stood when it began; the
  latter has no delay. Feet alone have a line of their own: a sensor at the calf cannot see them.
- *Cold skin*: minutes in bed with the colder leg's skin below 28 C (26 C), and the share of them
  during which a cold alert stood. A crossing is the beginning of a stretch below 28 C of 10 min or
  longer; it is told when an alert stands then or comes within 60 min; the lead is the crossing
  minus the alert, positive when it was told before. Legs that came cold to bed have not crossed.
- *Still alert*: one an episode, from the level warning on. True when nobody had turned, nor gone to
  bed, for at least nine tenths of the rule's own limit; else false. The simple one's is 60 min.
- *Normal sleepers*: aged 65 to 80, a movement sensor that works as usual, a night without a fault.
- *Fault nights*: of the kinds empty_bed, dead_leg, stuck_leg, displaced, dead_movement, agent_off
  and dead_room. A body alert, cold or still, is the fault's when it is false or rests on a sensor
  that is faulty at its time: cold on the leg sensor, and on the room's unless that is silent; still
  on the movement sensor; both on the agent. A true one of sensors that are well is right.
- *Sensor faults*: a leg, room or movement sensor that is silent, gives zeros, is stuck or blind.
  Told: a sensor alert came between its begin (blind movement: not before the first bed entry) and
  its end, or stood already, which has no delay. Those of 30 min or longer have a line of their
  own, without a sensor that is silent from the recording's begin: nothing says that it is there. So
  have a displaced leg sensor, and an agent that is silent for 30 min or longer. Within 10 min is a
  fault told that late at most, or one at whose begin an alert stood.
- *Dead or stuck sensor*: the nights of the kinds dead_leg, stuck_leg and dead_movement in which the
  sensor was heard before; told when every fault of the night was, within 10 min.
- *False health alert*: a sensor or agent alert in a night without any fault.
- *Wake-up*: whatever makes a sound: fired, raised or repeated at the level warning or above, and
  held back by nothing. Every alert of the simple automation makes a sound.
- *Early sign*: hit when a cold alert comes, or the legs are truly uncovered or cold, in the 30 min
  after it; a true cold alert without a sign in the 30 min before it was missed.

Intervals are 95 %, by bootstrap over nights (1,000 resamples, one fixed seed). Where nothing
happened in any night they are 0 to 0, narrower than the truth: up to 3 in as many is possible.
"""
