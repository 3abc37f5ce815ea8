"""The tables of the server's database, and the migrations of older databases."""

import sqlite3

VERSION = 3
TABLES = """
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
"""
# The changes of each version. `episode_ms` is the time when the alert fired; in version 1 only the
# 'fired' notice has this time. A rehearsal belongs to no notice: its notice_id is 0.
_STEPS = {
    2: """
ALTER TABLE notices ADD COLUMN episode_ms INTEGER;
ALTER TABLE notices ADD COLUMN who TEXT;
ALTER TABLE deliveries ADD COLUMN bed_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN episode_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN person TEXT NOT NULL DEFAULT 'everyone';
ALTER TABLE deliveries ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN tone TEXT NOT NULL DEFAULT 'loud';
ALTER TABLE deliveries ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN receipt TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN recall_ms INTEGER;
UPDATE notices SET episode_ms = (
  SELECT CASE f.what WHEN 'fired' THEN f.at_ms END FROM notices f
  WHERE f.bed_id = notices.bed_id AND f.kind = notices.kind
    AND (f.id < notices.id AND f.what IN ('fired', 'resolved')
      OR f.id = notices.id AND f.what = 'fired')
  ORDER BY f.id DESC LIMIT 1);
UPDATE deliveries SET due_ms = decided_ms,
  bed_id = (SELECT bed_id FROM notices n WHERE n.id = notice_id),
  kind = (SELECT kind FROM notices n WHERE n.id = notice_id),
  episode_ms = coalesce((SELECT episode_ms FROM notices n WHERE n.id = notice_id), 0);
CREATE INDEX episodes ON deliveries (bed_id, kind, episode_ms);
CREATE INDEX siblings ON deliveries (notice_id);
CREATE INDEX recalls ON deliveries (channel, recall_ms) WHERE recall_ms IS NOT NULL;
CREATE INDEX receipts ON deliveries (channel, next_ms)
  WHERE state IN ('sent', 'delivered') AND receipt != '';
CREATE TABLE steps (
  id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  state TEXT NOT NULL, attempt INTEGER NOT NULL, reason TEXT);
CREATE INDEX steps_of ON steps (delivery_id);
CREATE TABLE answers (
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, token BLOB UNIQUE, notice_id INTEGER,
  bed_id INTEGER, person TEXT NOT NULL, act TEXT NOT NULL, minutes INTEGER, via TEXT NOT NULL);
""",
    3: """
ALTER TABLE windows ADD COLUMN moved_s REAL;
ALTER TABLE windows ADD COLUMN active_s REAL;
""",
}


def prepare(db: sqlite3.Connection) -> int:
    """Create the tables or migrate an older database; return the version after that."""
    db.executescript(TABLES)
    row = db.execute("SELECT value FROM meta WHERE key='schema'").fetchone()
    version = int(row[0]) if row else 1
    while version < VERSION:
        version += 1
        db.executescript(
            f"BEGIN IMMEDIATE; {_STEPS[version]}"  # noqa: S608 - our own SQL
            f" INSERT OR REPLACE INTO meta VALUES ('schema', '{version}'); COMMIT;"
        )
    return version
