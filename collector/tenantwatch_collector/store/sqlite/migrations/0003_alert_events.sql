-- The record of every alert, for audit; and the outbox by channel, as each channel claims its own.
CREATE TABLE alert_event (
    event_id   INTEGER PRIMARY KEY,
    tenant_key INTEGER NOT NULL,
    alert_id   TEXT NOT NULL,
    time_us    INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    who        TEXT NOT NULL,
    channel    TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    detail     TEXT NOT NULL
);
CREATE INDEX alert_event_by_alert ON alert_event (alert_id, event_id);
CREATE INDEX alert_event_by_time ON alert_event (time_us);

DROP INDEX outbox_owed;
CREATE INDEX outbox_owed ON outbox (channel, next_attempt_us) WHERE status = 'owed';
CREATE INDEX outbox_by_alert ON outbox (alert_id, channel);
