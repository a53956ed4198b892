-- What callers want done to alerts; the engine that has done it says when.
CREATE TABLE alert_command (
    command_id    INTEGER PRIMARY KEY,
    tenant_key    INTEGER NOT NULL,
    alert_id      TEXT NOT NULL,
    action        TEXT NOT NULL CHECK (action IN ('acknowledge', 'resolve')),
    who           TEXT NOT NULL,
    notes         TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    done_at_us    INTEGER
);
CREATE INDEX alert_command_pending ON alert_command (command_id) WHERE done_at_us IS NULL;
CREATE INDEX alert_command_done ON alert_command (done_at_us);
