-- Version 2 is where PostgreSQL begins; its tables say what SQLite's of the same version say.
-- Every key and index of a tenant's facts begins with tenant_key.
CREATE TABLE tenant (
    tenant_key    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     text NOT NULL UNIQUE,
    tenant_name   text NOT NULL,
    tier          text NOT NULL,
    created_at_us bigint NOT NULL
);

CREATE TABLE token (
    token_id        text PRIMARY KEY,
    secret_sha256   bytea NOT NULL UNIQUE,
    role            text NOT NULL CHECK (role IN ('admin', 'tenant', 'agent')),
    tenant_key      integer REFERENCES tenant,
    name            text NOT NULL,
    created_at_us   bigint NOT NULL,
    revoked_at_us   bigint,
    last_used_at_us bigint,
    CHECK ((role = 'admin') = (tenant_key IS NULL))
);

CREATE TABLE agent (
    tenant_key           integer NOT NULL REFERENCES tenant,
    agent_id             text NOT NULL,
    version              text NOT NULL,
    hostname             text NOT NULL,
    configuration_digest text NOT NULL,
    spool_generation     text NOT NULL,
    first_seen_us        bigint NOT NULL,
    last_seen_us         bigint NOT NULL,
    PRIMARY KEY (tenant_key, agent_id)
);

CREATE TABLE check_definition (
    check_key         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_key        integer NOT NULL REFERENCES tenant,
    agent_id          text NOT NULL,
    check_id          text NOT NULL,
    kind              text NOT NULL,
    group_id          text NOT NULL,
    interval_ms       bigint NOT NULL,
    timeout_ms        bigint NOT NULL,
    confirm_failures  integer NOT NULL,
    confirm_successes integer NOT NULL,
    target            text NOT NULL,
    active            boolean NOT NULL,
    UNIQUE (tenant_key, agent_id, check_id)
);

CREATE TABLE metric_set (
    metric_set_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_key     integer NOT NULL,
    names          text NOT NULL,
    UNIQUE (tenant_key, names)
);

-- One small row for each commit of results that says what it touched: the buckets of 900 s, as pairs of
-- little-endian int64 (tenant_key, time_us / 900 000 000). commit_id is dense and in commit order, given
-- under a lock at the end; commit_key is what results name, known before they are written.
CREATE TABLE commit_log (
    commit_id      bigint PRIMARY KEY,
    commit_key     bigint NOT NULL UNIQUE,
    received_at_us bigint NOT NULL,
    result_count   integer NOT NULL,
    earliest_us    bigint,
    latest_us      bigint,
    touched        bytea NOT NULL
);
CREATE SEQUENCE commit_key INCREMENT BY 1000;

CREATE TABLE watermark (
    tenant_key integer NOT NULL,
    agent_id   text NOT NULL,
    generation text NOT NULL,
    lane       smallint NOT NULL,
    sequence   bigint NOT NULL,
    PRIMARY KEY (tenant_key, agent_id, generation, lane)
) WITH (fillfactor = 50);

CREATE TABLE gap (
    gap_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_key     integer NOT NULL,
    agent_id       text NOT NULL,
    generation     text NOT NULL,
    lane           smallint NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence  bigint NOT NULL,
    from_us        bigint NOT NULL,
    to_us          bigint NOT NULL,
    reason         text NOT NULL,
    received_at_us bigint NOT NULL
);

CREATE TABLE dead_letter (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_key     integer NOT NULL,
    agent_id       text NOT NULL,
    generation     text NOT NULL,
    lane           smallint NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence  bigint NOT NULL,
    reason         text NOT NULL,
    payload        bytea NOT NULL,
    received_at_us bigint NOT NULL
);

CREATE TABLE engine_cursor (
    engine    text PRIMARY KEY,
    commit_id bigint NOT NULL
);

CREATE TABLE check_state (
    tenant_key     integer NOT NULL,
    check_key      integer NOT NULL,
    level          smallint NOT NULL,
    since_us       bigint NOT NULL,
    through_commit bigint NOT NULL,
    last_us        bigint NOT NULL,
    timeline       text NOT NULL,
    PRIMARY KEY (tenant_key, check_key)
) WITH (fillfactor = 70);

CREATE TABLE check_change (
    tenant_key  integer NOT NULL,
    check_key   integer NOT NULL,
    time_us     bigint NOT NULL,
    known_at_us bigint NOT NULL,
    level       smallint NOT NULL,
    PRIMARY KEY (tenant_key, check_key, time_us, known_at_us, level)
);
CREATE INDEX check_change_by_knowledge ON check_change (known_at_us);

CREATE TABLE tenant_state (
    tenant_key integer PRIMARY KEY REFERENCES tenant,
    state      text NOT NULL,
    since_us   bigint NOT NULL,
    groups     text NOT NULL
);

CREATE TABLE alert_key (
    tenant_key  integer NOT NULL,
    alert_type  text NOT NULL,
    state       text NOT NULL,
    next_due_us bigint,
    PRIMARY KEY (tenant_key, alert_type)
);

CREATE TABLE alert (
    alert_id          text PRIMARY KEY,
    tenant_key        integer NOT NULL REFERENCES tenant,
    alert_type        text NOT NULL,
    alert_name        text NOT NULL,
    alert_description text NOT NULL,
    severity          text NOT NULL,
    status            text NOT NULL,
    first_occurred_us bigint NOT NULL,
    last_occurred_us  bigint NOT NULL,
    occurrence_count  bigint NOT NULL,
    resolved_at_us    bigint,
    alert_data        text NOT NULL
);
CREATE INDEX alert_by_tenant ON alert (tenant_key, first_occurred_us);
-- At most one open alert of a tenant and type, whatever the engine believes.
CREATE UNIQUE INDEX alert_open ON alert (tenant_key, alert_type) WHERE status <> 'resolved';

CREATE TABLE outbox (
    message_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_key      integer NOT NULL,
    alert_id        text NOT NULL,
    kind            text NOT NULL,
    dedup_key       text NOT NULL,
    channel         text NOT NULL,
    payload         text NOT NULL,
    status          text NOT NULL DEFAULT 'owed'
                    CHECK (status IN ('owed', 'sent', 'replaced', 'dead', 'not_configured')),
    created_at_us   bigint NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_us bigint NOT NULL,
    last_error      text,
    sent_at_us      bigint,
    UNIQUE (dedup_key, channel)
);
CREATE INDEX outbox_owed ON outbox (next_attempt_us) WHERE status = 'owed';
CREATE INDEX outbox_by_alert ON outbox (alert_id, channel);

CREATE TABLE rollup (
    tenant_key     integer NOT NULL,
    check_key      integer NOT NULL,
    width_s        integer NOT NULL,
    start_us       bigint NOT NULL,
    healthy        integer NOT NULL,
    degraded       integer NOT NULL,
    unhealthy      integer NOT NULL,
    unknown        integer NOT NULL,
    latency_count  integer NOT NULL,
    latency_sum_us bigint NOT NULL,
    latency_max_us bigint,
    histogram      bytea NOT NULL,
    healthy_ms     integer NOT NULL,
    degraded_ms    integer NOT NULL,
    unhealthy_ms   integer NOT NULL,
    unknown_ms     integer NOT NULL,
    known_at_us    bigint NOT NULL,
    PRIMARY KEY (tenant_key, width_s, start_us, check_key)
);

-- Wider spans that must be made again of narrower ones once they are over.
CREATE TABLE rollup_due (
    tenant_key integer NOT NULL,
    width_s    integer NOT NULL,
    start_us   bigint NOT NULL,
    PRIMARY KEY (tenant_key, width_s, start_us)
);

-- Raw results before this instant have been deleted; it only rises.
CREATE TABLE retention (
    name      text PRIMARY KEY,
    before_us bigint NOT NULL
);
