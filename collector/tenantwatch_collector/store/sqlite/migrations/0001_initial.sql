-- Every key and index of a tenant's facts begins with tenant_key.
CREATE TABLE tenant (
    tenant_key    INTEGER PRIMARY KEY,
    tenant_id     TEXT NOT NULL UNIQUE,
    tenant_name   TEXT NOT NULL,
    tier          TEXT NOT NULL,
    created_at_us INTEGER NOT NULL
);

CREATE TABLE token (
    token_id        TEXT PRIMARY KEY,
    secret_sha256   BLOB NOT NULL UNIQUE,
    role            TEXT NOT NULL CHECK (role IN ('admin', 'tenant', 'agent')),
    tenant_key      INTEGER REFERENCES tenant,
    name            TEXT NOT NULL,
    created_at_us   INTEGER NOT NULL,
    revoked_at_us   INTEGER,
    last_used_at_us INTEGER,
    CHECK ((role = 'admin') = (tenant_key IS NULL))
);

CREATE TABLE agent (
    tenant_key           INTEGER NOT NULL REFERENCES tenant,
    agent_id             TEXT NOT NULL,
    version              TEXT NOT NULL,
    hostname             TEXT NOT NULL,
    configuration_digest TEXT NOT NULL,
    spool_generation     TEXT NOT NULL,
    first_seen_us        INTEGER NOT NULL,
    last_seen_us         INTEGER NOT NULL,
    PRIMARY KEY (tenant_key, agent_id)
) WITHOUT ROWID;

CREATE TABLE check_definition (
    check_key         INTEGER PRIMARY KEY,
    tenant_key        INTEGER NOT NULL REFERENCES tenant,
    agent_id          TEXT NOT NULL,
    check_id          TEXT NOT NULL,
    kind              TEXT NOT NULL,
    group_id          TEXT NOT NULL,
    interval_ms       INTEGER NOT NULL,
    timeout_ms        INTEGER NOT NULL,
    confirm_failures  INTEGER NOT NULL,
    confirm_successes INTEGER NOT NULL,
    target            TEXT NOT NULL,
    active            INTEGER NOT NULL,
    UNIQUE (tenant_key, agent_id, check_id)
);

-- One small row for each commit of results, in commit order, that says what it brought:
-- result rows (first_row, last_row]. received_at_us never falls.
CREATE TABLE commit_log (
    commit_id      INTEGER PRIMARY KEY,
    received_at_us INTEGER NOT NULL,
    first_row      INTEGER NOT NULL,
    last_row       INTEGER NOT NULL
);

-- No unique key: the watermark keeps results from being stored twice, and two results of one
-- instant are read as one (the worst).
CREATE TABLE result (
    row_id     INTEGER PRIMARY KEY,
    tenant_key INTEGER NOT NULL,
    check_key  INTEGER NOT NULL,
    time_us    INTEGER NOT NULL,
    status     INTEGER NOT NULL,
    latency_us INTEGER,
    commit_id  INTEGER NOT NULL,
    text       TEXT,
    metrics    TEXT
);
CREATE INDEX result_by_check ON result (tenant_key, check_key, time_us);

CREATE TABLE watermark (
    tenant_key INTEGER NOT NULL,
    agent_id   TEXT NOT NULL,
    generation TEXT NOT NULL,
    lane       INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,
    PRIMARY KEY (tenant_key, agent_id, generation, lane)
) WITHOUT ROWID;

CREATE TABLE gap (
    gap_id         INTEGER PRIMARY KEY,
    tenant_key     INTEGER NOT NULL,
    agent_id       TEXT NOT NULL,
    generation     TEXT NOT NULL,
    lane           INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    from_us        INTEGER NOT NULL,
    to_us          INTEGER NOT NULL,
    reason         TEXT NOT NULL,
    received_at_us INTEGER NOT NULL
);

CREATE TABLE dead_letter (
    dead_letter_id INTEGER PRIMARY KEY,
    tenant_key     INTEGER NOT NULL,
    agent_id       TEXT NOT NULL,
    generation     TEXT NOT NULL,
    lane           INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    reason         TEXT NOT NULL,
    payload        BLOB NOT NULL,
    received_at_us INTEGER NOT NULL
);

CREATE TABLE engine_cursor (
    engine    TEXT PRIMARY KEY,
    commit_id INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE check_state (
    tenant_key     INTEGER NOT NULL,
    check_key      INTEGER NOT NULL,
    level          INTEGER NOT NULL,
    since_us       INTEGER NOT NULL,
    through_commit INTEGER NOT NULL,
    timeline       TEXT NOT NULL,
    PRIMARY KEY (tenant_key, check_key)
) WITHOUT ROWID;

CREATE TABLE check_change (
    tenant_key  INTEGER NOT NULL,
    check_key   INTEGER NOT NULL,
    time_us     INTEGER NOT NULL,
    known_at_us INTEGER NOT NULL,
    level       INTEGER NOT NULL,
    PRIMARY KEY (tenant_key, check_key, time_us, known_at_us, level)
) WITHOUT ROWID;

CREATE TABLE tenant_state (
    tenant_key INTEGER PRIMARY KEY REFERENCES tenant,
    state      TEXT NOT NULL,
    since_us   INTEGER NOT NULL,
    groups     TEXT NOT NULL
);

CREATE TABLE alert_key (
    tenant_key  INTEGER NOT NULL,
    alert_type  TEXT NOT NULL,
    state       TEXT NOT NULL,
    next_due_us INTEGER,
    PRIMARY KEY (tenant_key, alert_type)
) WITHOUT ROWID;

CREATE TABLE alert (
    alert_id          TEXT PRIMARY KEY,
    tenant_key        INTEGER NOT NULL REFERENCES tenant,
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
CREATE INDEX alert_by_tenant ON alert (tenant_key, first_occurred_us);
-- At most one open alert of a tenant and type, whatever the engine believes.
CREATE UNIQUE INDEX alert_open ON alert (tenant_key, alert_type) WHERE status <> 'resolved';

CREATE TABLE outbox (
    message_id      INTEGER PRIMARY KEY,
    tenant_key      INTEGER NOT NULL,
    alert_id        TEXT NOT NULL,
    kind            TEXT NOT NULL,
    dedup_key       TEXT NOT NULL,
    channel         TEXT NOT NULL,
    payload         TEXT NOT NULL,
    status          TEXT NOT NULL DEFAULT 'owed' CHECK (status IN ('owed', 'sent', 'replaced', 'dead', 'not_configured')),
    created_at_us   INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_us INTEGER NOT NULL,
    last_error      TEXT,
    sent_at_us      INTEGER,
    UNIQUE (dedup_key, channel)
);
CREATE INDEX outbox_owed ON outbox (next_attempt_us) WHERE status = 'owed';
