-- A message that comes again is counted, not kept again: `name` is a hash of it.
ALTER TABLE quarantine ADD COLUMN name BLOB;
ALTER TABLE quarantine ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
ALTER TABLE quarantine ADD COLUMN last_ms INTEGER NOT NULL DEFAULT 0;
UPDATE quarantine SET last_ms = arrived_ms;
CREATE UNIQUE INDEX quarantined ON quarantine (name);
