-- Custom rules: for one tenant, for all of a tier, or for everybody.
CREATE TABLE alert_rule (
    rule_id       TEXT PRIMARY KEY,
    tenant_id     TEXT,
    tier          TEXT,
    definition    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL
);
