-- Rollups of all of a tenant's checks that count in reports as one, so that many tenants are read at once; and
-- what checks with request counters counted, look by look.
CREATE TABLE rollup_sum (
    tenant_key     INTEGER NOT NULL,
    width_s        INTEGER NOT NULL,
    start_us       INTEGER NOT NULL,
    members        TEXT NOT NULL,
    total          INTEGER NOT NULL,
    errors         INTEGER NOT NULL,
    latency_count  INTEGER NOT NULL,
    latency_sum_us INTEGER NOT NULL,
    latency_max_us INTEGER,
    histogram      BLOB NOT NULL,
    requests       INTEGER,
    request_errors INTEGER NOT NULL,
    known_at_us    INTEGER NOT NULL,
    PRIMARY KEY (tenant_key, width_s, start_us)
) WITHOUT ROWID;

CREATE TABLE request_rollup (
    tenant_key     INTEGER NOT NULL,
    check_key      INTEGER NOT NULL,
    start_us       INTEGER NOT NULL,
    requests       INTEGER NOT NULL,
    request_errors INTEGER NOT NULL,
    looks          BLOB NOT NULL,
    known_at_us    INTEGER NOT NULL,
    PRIMARY KEY (tenant_key, start_us, check_key)
) WITHOUT ROWID;
