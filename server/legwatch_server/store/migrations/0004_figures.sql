-- A notice keeps its figures, its text and its rule as columns; the JSON line and the title held all
-- that a second time. Old lines name the rule as a text among the figures: "warmth.warn_c = 27.5".
ALTER TABLE notices ADD COLUMN figures TEXT NOT NULL DEFAULT '{}';
ALTER TABLE notices ADD COLUMN text TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN rule TEXT;
ALTER TABLE notices ADD COLUMN rule_value REAL;
UPDATE notices SET
  figures = coalesce(json_remove(json_extract(line, '$.figures'), '$.rule'), '{}'),
  text = coalesce(json_extract(line, '$.text'), ''),
  rule = json_extract(line, '$.figures.rule')
  WHERE json_valid(line);
UPDATE notices SET
  rule_value = CAST(substr(rule, instr(rule, ' = ') + 3) AS REAL),
  rule = substr(rule, 1, instr(rule, ' = ') - 1)
  WHERE instr(rule, ' = ') > 0;
ALTER TABLE notices DROP COLUMN title;
ALTER TABLE notices DROP COLUMN line;
-- The state of a bed may lag behind its windows: it names the last row that it has seen. Until now a
-- state had seen all of them. `bedside` is what is known of its agent.
ALTER TABLE beds ADD COLUMN applied_window INTEGER NOT NULL DEFAULT 0;
ALTER TABLE beds ADD COLUMN bedside TEXT;
UPDATE beds SET applied_window = (SELECT coalesce(max(id), 0) FROM windows);
INSERT OR REPLACE INTO meta SELECT 'states_upto', coalesce(max(id), 0) FROM windows;
INSERT OR REPLACE INTO meta SELECT 'states_next', coalesce(max(id), 0) FROM windows;
-- Measurements that have no column of their own, as a JSON object.
ALTER TABLE windows ADD COLUMN others TEXT;
