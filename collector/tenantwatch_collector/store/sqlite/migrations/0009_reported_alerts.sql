-- Callers may report an alert themselves; and what a tenant was deployed with is kept.
CREATE TABLE alert_command_new (
    command_id    INTEGER PRIMARY KEY,
    tenant_key    INTEGER NOT NULL,
    alert_id      TEXT NOT NULL,
    action        TEXT NOT NULL CHECK (action IN ('acknowledge', 'resolve', 'create')),
    who           TEXT NOT NULL,
    notes         TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    done_at_us    INTEGER,
    detail        TEXT NOT NULL DEFAULT ''
);
INSERT INTO alert_command_new
SELECT command_id, tenant_key, alert_id, action, who, notes, created_at_us, done_at_us, '' FROM alert_command;
DROP TABLE alert_command;
ALTER TABLE alert_command_new RENAME TO alert_command;
CREATE INDEX alert_command_pending ON alert_command (command_id) WHERE done_at_us IS NULL;
CREATE INDEX alert_command_done ON alert_command (done_at_us);

ALTER TABLE tenant ADD COLUMN resource_tier TEXT NOT NULL DEFAULT '';
