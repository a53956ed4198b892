-- Custom rules: for one tenant, for all of a tier, or for everybody.
CREATE TABLE alert_rule (
    rule_id       text PRIMARY KEY,
    tenant_id     text,
    tier          text,
    definition    text NOT NULL,
    created_at_us bigint NOT NULL,
    created_by    text NOT NULL
);
