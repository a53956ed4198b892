-- When nobody is told: of one tenant or type, or of anything.
CREATE TABLE silence (
    silence_id INTEGER PRIMARY KEY,
    tenant_id  TEXT,
    alert_type TEXT,
    start_us   INTEGER NOT NULL,
    end_us     INTEGER NOT NULL,
    who        TEXT NOT NULL,
    notes      TEXT NOT NULL,
    CHECK (end_us >= start_us)
);
CREATE INDEX silence_by_end ON silence (end_us);
