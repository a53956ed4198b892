-- An alert may be the platform's own: then its tenant_key is 0, which no tenant has. And agents have labels.
CREATE TABLE alert_new (
    alert_id          TEXT PRIMARY KEY,
    tenant_key        INTEGER NOT NULL,
    alert_type        TEXT NOT NULL,
    alert_name        TEXT NOT NULL,
    alert_description TEXT NOT NULL,
    severity          TEXT NOT NULL,
    status            TEXT NOT NULL,
    first_occurred_us INTEGER NOT NULL,
    last_occurred_us  INTEGER NOT NULL,
    occurrence_count  INTEGER NOT NULL,
    resolved_at_us    INTEGER,
    alert_data        TEXT NOT NULL
);
INSERT INTO alert_new SELECT * FROM alert;
DROP TABLE alert;
ALTER TABLE alert_new RENAME TO alert;
CREATE INDEX alert_by_tenant ON alert (tenant_key, first_occurred_us);
-- At most one open alert of a tenant and type, whatever the engine believes.
CREATE UNIQUE INDEX alert_open ON alert (tenant_key, alert_type) WHERE status <> 'resolved';

ALTER TABLE agent ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
