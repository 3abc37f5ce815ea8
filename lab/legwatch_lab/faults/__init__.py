"""The fault campaign: sensor faults laid over made nights, and what is told of them.

A fault is a function of the readings of a night. Each is laid over the same nights, one at a time,
and the rules get what is left in three builds of a bed: leg and movement sensor, with a room sensor
too, and with a mat too. The words of its tables:

- *Uncovered night*: both legs (or the whole body) are uncovered for 30 min or longer, and it counts
  by the rules of `legwatch score`. The first such time is the one that is judged. A lasting fault
  begins 10 to 90 min before it.
- *Quiet night*: nothing is ever uncovered, and the made night has no fault of its own.
- *Still night*: a quiet night without any movement from 2:00 to 7:30 h after bedtime.
- *Caught*: a cold alert fired during the uncovering, or was firing when it began.
- *Told*: an alert or a report on a sensor or the agent was pushed after the begin of the fault (in
  an uncovered night: by the end of the uncovering), or one from before was standing.
- *Silent miss*: caught without the fault, missed with it, and nothing told.
- *For nothing*: a first sign (the begin of a cold alert) or a sound with nobody truly cold, or
  truly still, by the rules of `legwatch score`.
- *Back*: a sensor or agent alert ended with "I can see you again" while the fault lasted.
"""
