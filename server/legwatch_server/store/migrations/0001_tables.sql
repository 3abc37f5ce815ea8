-- The tables of the first version. A crash may have left only some of them, so each is made if it is missing.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS beds (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, state TEXT, seen_ms INTEGER NOT NULL DEFAULT 0,
  played INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS boots (
  id INTEGER PRIMARY KEY, bed_id INTEGER NOT NULL REFERENCES beds, boot TEXT NOT NULL,
  upto INTEGER NOT NULL, UNIQUE (bed_id, boot));
CREATE TABLE IF NOT EXISTS windows (
  id INTEGER PRIMARY KEY, bed_id INTEGER NOT NULL, boot_id INTEGER NOT NULL, seq INTEGER NOT NULL,
  from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, clock TEXT NOT NULL,
  leg_c REAL, leg_rh REAL, room_c REAL, room_rh REAL, moves INTEGER, in_bed INTEGER, faults TEXT,
  arrived_ms INTEGER NOT NULL, late INTEGER NOT NULL, UNIQUE (boot_id, seq));
CREATE TABLE IF NOT EXISTS notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT, bed_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL, what TEXT NOT NULL, level TEXT NOT NULL, reason TEXT NOT NULL, held TEXT,
  title TEXT NOT NULL, line TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, notice_id INTEGER NOT NULL, channel TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'decided', attempt INTEGER NOT NULL DEFAULT 0,
  next_ms INTEGER NOT NULL DEFAULT 0, decided_ms INTEGER NOT NULL, claimed_ms INTEGER,
  sent_ms INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS open_deliveries ON deliveries (channel, next_ms)
  WHERE state IN ('decided', 'claimed');
CREATE TABLE IF NOT EXISTS presses (
  id INTEGER PRIMARY KEY, bed_id INTEGER NOT NULL, press_id TEXT NOT NULL, button TEXT NOT NULL,
  at_ms INTEGER NOT NULL, kind TEXT, UNIQUE (bed_id, press_id));
CREATE TABLE IF NOT EXISTS quarantine (
  id INTEGER PRIMARY KEY, arrived_ms INTEGER NOT NULL, topic TEXT NOT NULL, bed TEXT, boot TEXT,
  seq INTEGER, why TEXT NOT NULL, payload BLOB NOT NULL);
