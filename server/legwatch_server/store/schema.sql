-- The tables as they are today. All times are UTC milliseconds. A change here needs a migration that
-- leads there from the version before; a test compares both.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,      -- schema, rehearsed, learned:<bed id>, said:<reason>, time, loaded, states_upto,
                             -- states_next, limits:<digest of a bed's rules>
  value TEXT NOT NULL);

CREATE TABLE beds (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  state TEXT,                                 -- of the engine, JSON
  seen_ms INTEGER NOT NULL DEFAULT 0,         -- when the last window arrived
  played INTEGER NOT NULL DEFAULT 0,          -- 1: a recording is played
  applied_window INTEGER NOT NULL DEFAULT 0,  -- the last row of `windows` that `state` has seen
  bedside TEXT);                              -- what is known of its agent, JSON

CREATE TABLE boots (                          -- the starts of an agent
  id INTEGER PRIMARY KEY,
  bed_id INTEGER NOT NULL REFERENCES beds,
  boot TEXT NOT NULL,
  upto INTEGER NOT NULL,                      -- all windows up to this number are stored
  packed INTEGER NOT NULL DEFAULT 0,          -- all up to this number lie in packs
  UNIQUE (bed_id, boot));

CREATE TABLE windows (                        -- ids only grow
  id INTEGER PRIMARY KEY,
  bed_id INTEGER NOT NULL,
  boot_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  mono_ms INTEGER NOT NULL,
  clock TEXT NOT NULL,
  leg_c REAL,
  leg_rh REAL,
  room_c REAL,
  room_rh REAL,
  moves INTEGER,
  in_bed INTEGER,
  faults TEXT,                                -- sensor:fault,sensor:fault
  arrived_ms INTEGER NOT NULL,
  late INTEGER NOT NULL,                      -- 1: too old for an alert
  moved_s REAL,
  active_s REAL,
  others TEXT,                                -- measurements without a column, JSON
  UNIQUE (boot_id, seq));

CREATE TABLE packs (                          -- windows of nights that are over, compressed
  id INTEGER PRIMARY KEY,
  bed_id INTEGER NOT NULL,
  hour_ms INTEGER NOT NULL,                   -- an hour's begin; hours count from noon at the bed
  first_id INTEGER NOT NULL,                  -- of the windows in it, the lowest and highest id
  last_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,                     -- of `data`
  data BLOB NOT NULL);
CREATE INDEX packed_hours ON packs (bed_id, hour_ms, count, bytes);
CREATE INDEX packed_ids ON packs (last_id, first_id);
CREATE INDEX packed_of ON packs (bed_id, last_id, first_id);

CREATE TABLE nights (                         -- roll-ups, from noon to noon at the bed; kept for ever
  bed_id INTEGER NOT NULL,
  night TEXT NOT NULL,                        -- ISO date of its first noon
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  stale INTEGER NOT NULL,                     -- 1: windows were packed that it does not count yet
  raw INTEGER NOT NULL,                       -- 1: its windows are still there, all of them
  last_id INTEGER NOT NULL DEFAULT 0,  -- the newest window that it counts
  windows INTEGER NOT NULL DEFAULT 0,
  known_min INTEGER NOT NULL DEFAULT 0,       -- minutes with a window
  in_bed_min INTEGER,                         -- NULL: there is no mat
  leg_mean_c REAL,
  leg_low_c REAL,                             -- the coldest hour's mean
  leg_low_ms INTEGER,                         -- and its begin
  room_mean_c REAL,
  room_low_c REAL,
  room_low_ms INTEGER,
  moves INTEGER,
  moved_s REAL,
  still_s REAL,                               -- the longest time in bed without a movement
  alerts TEXT NOT NULL DEFAULT '{}',          -- how many fired, by kind, JSON
  minutes BLOB,                               -- NULL: not summed up yet
  PRIMARY KEY (bed_id, night));
CREATE INDEX stale_nights ON nights (to_ms) WHERE stale=1;
CREATE INDEX raw_nights ON nights (to_ms) WHERE raw=1;

CREATE TABLE noons (                          -- what a bed's night was begun with
  bed_id INTEGER NOT NULL,
  night TEXT NOT NULL,                        -- ISO date of the noon
  at_ms INTEGER NOT NULL,
  window_id INTEGER NOT NULL,                 -- the last row of `windows` that `state` has seen
  event_id INTEGER NOT NULL DEFAULT 0,        -- and of `events`
  notice_id INTEGER NOT NULL DEFAULT 0,       -- the last of `notices` before it
  again INTEGER NOT NULL DEFAULT 0,           -- 1: the bed has passed this noon more than once
  state TEXT NOT NULL,                        -- of the engine, JSON
  rules TEXT NOT NULL,                        -- the key of the bed's rules in `meta`; once JSON
  PRIMARY KEY (bed_id, night));
CREATE INDEX noons_by_time ON noons (at_ms);

CREATE TABLE events (                         -- what the engine was given besides windows
  id INTEGER PRIMARY KEY,
  bed_id INTEGER NOT NULL,
  after_id INTEGER NOT NULL,                  -- the last row of `windows` before it
  at_ms INTEGER NOT NULL,                     -- the bed's time
  what TEXT NOT NULL,                         -- its name in the file of a night
  data TEXT NOT NULL);                        -- its fields, JSON
CREATE INDEX events_of ON events (bed_id);
CREATE INDEX events_by_time ON events (at_ms);

CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  bed_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  what TEXT NOT NULL,                         -- the transition
  level TEXT NOT NULL,                        -- the severity
  reason TEXT NOT NULL,
  held TEXT,                                  -- what suppressed it
  episode_ms INTEGER,                         -- when the alert fired
  who TEXT,                                   -- whose answer it reports
  figures TEXT NOT NULL DEFAULT '{}',         -- JSON, in their order
  text TEXT NOT NULL DEFAULT '',              -- in English
  rule TEXT,                                  -- the limit that decided, such as warmth.warn_c
  rule_value REAL);
CREATE INDEX noticed ON notices (at_ms);
CREATE INDEX noticed_episodes ON notices (bed_id, kind, coalesce(episode_ms, id));

CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  notice_id INTEGER NOT NULL,                 -- 0: a push without a notice, such as a rehearsal
  channel TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'decided',
  attempt INTEGER NOT NULL DEFAULT 0,
  next_ms INTEGER NOT NULL DEFAULT 0,         -- when it is to be tried, or asked about
  decided_ms INTEGER NOT NULL,
  claimed_ms INTEGER,
  sent_ms INTEGER,
  error TEXT,
  bed_id INTEGER NOT NULL DEFAULT 0,
  kind TEXT NOT NULL DEFAULT '',
  episode_ms INTEGER NOT NULL DEFAULT 0,
  person TEXT NOT NULL DEFAULT 'everyone',
  rank INTEGER NOT NULL DEFAULT 0,            -- the place of the channel in the person's list
  tone TEXT NOT NULL DEFAULT 'loud',          -- the purpose
  due_ms INTEGER NOT NULL DEFAULT 0,
  receipt TEXT NOT NULL DEFAULT '',
  recall_ms INTEGER);                         -- when it is to be taken back
CREATE INDEX open_deliveries ON deliveries (channel, next_ms)
  WHERE state IN ('decided', 'claimed');
CREATE INDEX episodes ON deliveries (bed_id, kind, episode_ms);
CREATE INDEX siblings ON deliveries (notice_id);
CREATE INDEX recalls ON deliveries (channel, recall_ms) WHERE recall_ms IS NOT NULL;
CREATE INDEX receipts ON deliveries (channel, next_ms)
  WHERE state IN ('sent', 'delivered') AND receipt != '';
CREATE INDEX told_quietly ON deliveries (bed_id, kind) WHERE state='decided' AND tone='info';
CREATE INDEX tested ON deliveries (person, channel) WHERE tone='rehearsal';

CREATE TABLE steps (                          -- what became of a delivery, and when
  id INTEGER PRIMARY KEY,
  delivery_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  reason TEXT);
CREATE INDEX steps_of ON steps (delivery_id);

CREATE TABLE answers (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  token BLOB UNIQUE,                          -- a link counts once
  notice_id INTEGER,
  bed_id INTEGER,
  person TEXT NOT NULL,
  act TEXT NOT NULL,
  minutes INTEGER,
  via TEXT NOT NULL);
CREATE INDEX answers_to ON answers (notice_id);
CREATE INDEX answers_of ON answers (person, act, at_ms);

CREATE TABLE presses (
  id INTEGER PRIMARY KEY,
  bed_id INTEGER NOT NULL,
  press_id TEXT NOT NULL,
  button TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT,
  UNIQUE (bed_id, press_id));
CREATE INDEX presses_at ON presses (bed_id);

CREATE TABLE quarantine (                     -- messages that cannot be decoded or stored
  id INTEGER PRIMARY KEY,
  arrived_ms INTEGER NOT NULL,
  topic TEXT NOT NULL,
  bed TEXT,
  boot TEXT,
  seq INTEGER,
  why TEXT NOT NULL,
  payload BLOB NOT NULL,
  name BLOB,                                  -- a hash: what has the same is counted, not kept
  count INTEGER NOT NULL DEFAULT 1,
  last_ms INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX quarantined ON quarantine (name);
CREATE INDEX quarantined_of ON quarantine (bed);
