-- Several people, each with channels of their own, and their answers. `episode_ms` is the time when
-- the alert fired; in version 1 only the 'fired' notice has this time.
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
