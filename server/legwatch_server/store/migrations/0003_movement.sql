-- How long the movement sensor saw movement, beside how often.
ALTER TABLE windows ADD COLUMN moved_s REAL;
ALTER TABLE windows ADD COLUMN active_s REAL;
