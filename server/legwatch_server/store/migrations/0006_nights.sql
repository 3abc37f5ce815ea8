-- For years on one machine: windows of nights that are over lie close together, and nights are
-- summed up once. This only adds; rows move there later, a few at a time, while the server runs.
ALTER TABLE boots ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE packs (
  id INTEGER PRIMARY KEY,
  bed_id INTEGER NOT NULL,
  hour_ms INTEGER NOT NULL,
  first_id INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  data BLOB NOT NULL);
CREATE INDEX packed_hours ON packs (bed_id, hour_ms, count, bytes);
CREATE INDEX packed_ids ON packs (last_id, first_id);
CREATE INDEX packed_of ON packs (bed_id, last_id, first_id);
CREATE TABLE nights (
  bed_id INTEGER NOT NULL,
  night TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  stale INTEGER NOT NULL,
  raw INTEGER NOT NULL,
  last_id INTEGER NOT NULL DEFAULT 0,
  windows INTEGER NOT NULL DEFAULT 0,
  known_min INTEGER NOT NULL DEFAULT 0,
  in_bed_min INTEGER,
  leg_mean_c REAL,
  leg_low_c REAL,
  leg_low_ms INTEGER,
  room_mean_c REAL,
  room_low_c REAL,
  room_low_ms INTEGER,
  moves INTEGER,
  moved_s REAL,
  still_s REAL,
  alerts TEXT NOT NULL DEFAULT '{}',
  minutes BLOB,
  PRIMARY KEY (bed_id, night));
CREATE INDEX stale_nights ON nights (to_ms) WHERE stale=1;
CREATE INDEX raw_nights ON nights (to_ms) WHERE raw=1;
CREATE TABLE noons (
  bed_id INTEGER NOT NULL,
  night TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  window_id INTEGER NOT NULL,
  event_id INTEGER NOT NULL DEFAULT 0,
  notice_id INTEGER NOT NULL DEFAULT 0,
  again INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  rules TEXT NOT NULL,
  PRIMARY KEY (bed_id, night));
CREATE INDEX noons_by_time ON noons (at_ms);
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  bed_id INTEGER NOT NULL,
  after_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  what TEXT NOT NULL,
  data TEXT NOT NULL);
CREATE INDEX events_of ON events (bed_id);
CREATE INDEX events_by_time ON events (at_ms);
-- Every question has an index: its answer takes as long after years as on the first day.
CREATE INDEX noticed ON notices (at_ms);
CREATE INDEX noticed_episodes ON notices (bed_id, kind, coalesce(episode_ms, id));
CREATE INDEX told_quietly ON deliveries (bed_id, kind) WHERE state='decided' AND tone='info';
CREATE INDEX tested ON deliveries (person, channel) WHERE tone='rehearsal';
CREATE INDEX answers_to ON answers (notice_id);
CREATE INDEX answers_of ON answers (person, act, at_ms);
CREATE INDEX presses_at ON presses (bed_id);
CREATE INDEX quarantined_of ON quarantine (bed);
