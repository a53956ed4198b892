-- The record of every alert, for audit; and the outbox by channel, as each channel claims its own.
CREATE TABLE alert_event (
    event_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_key integer NOT NULL,
    alert_id   text NOT NULL,
    time_us    bigint NOT NULL,
    kind       text NOT NULL,
    who        text NOT NULL,
    channel    text NOT NULL,
    outcome    text NOT NULL,
    detail     text NOT NULL
);
CREATE INDEX alert_event_by_alert ON alert_event (alert_id, event_id);
CREATE INDEX alert_event_by_time ON alert_event (time_us);

ALTER TABLE alert_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON alert_event FOR SELECT TO tenantwatch_tenant
    USING (tenant_key = (SELECT visible_tenant()));
GRANT SELECT ON alert_event TO tenantwatch_tenant;

DROP INDEX outbox_owed;
CREATE INDEX outbox_owed ON outbox (channel, next_attempt_us) WHERE status = 'owed';
