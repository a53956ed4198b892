-- Metrics as values beside a set of names that is kept once; times that are ahead of their commit as the
-- commit's, with the time that was sent beside it; what a commit touched in its row of the log; rollups.
CREATE TABLE metric_set (
    metric_set_key INTEGER PRIMARY KEY,
    tenant_key     INTEGER NOT NULL,
    names          TEXT NOT NULL,
    UNIQUE (tenant_key, names)
);
INSERT INTO metric_set (tenant_key, names)
    SELECT DISTINCT tenant_key, metric_names(metrics) FROM result WHERE metrics IS NOT NULL;

ALTER TABLE result RENAME TO result_before;
DROP INDEX result_by_check;
-- No unique key: the watermark keeps results from being stored twice, and two results of one
-- instant are read as one (the worst).
CREATE TABLE result (
    row_id         INTEGER PRIMARY KEY,
    tenant_key     INTEGER NOT NULL,
    check_key      INTEGER NOT NULL,
    time_us        INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    latency_us     INTEGER,
    commit_key     INTEGER NOT NULL,
    sent_time_us   INTEGER,
    text           TEXT,
    metric_set_key INTEGER,
    metric_values  BLOB
);
INSERT INTO result
    SELECT r.row_id, r.tenant_key, r.check_key,
           CASE WHEN r.time_us > c.received_at_us + 30000000 THEN c.received_at_us ELSE r.time_us END,
           r.status, r.latency_us, r.commit_id,
           CASE WHEN r.time_us > c.received_at_us + 30000000 THEN r.time_us END,
           r.text, m.metric_set_key, CASE WHEN r.metrics IS NOT NULL THEN metric_values(r.metrics) END
    FROM result_before r
    JOIN commit_log c ON c.commit_id = r.commit_id
    LEFT JOIN metric_set m ON m.tenant_key = r.tenant_key AND m.names = metric_names(r.metrics)
    ORDER BY r.row_id;
DROP TABLE result_before;
CREATE INDEX result_by_check ON result (tenant_key, check_key, time_us);

ALTER TABLE commit_log RENAME TO commit_log_before;
-- One small row for each commit of results, in commit order, that says what it brought: result rows
-- (first_row, last_row], and the buckets of 900 s it touched, as pairs of little-endian int64
-- (tenant_key, time_us / 900 000 000). received_at_us rises. commit_key is what results name.
CREATE TABLE commit_log (
    commit_id      INTEGER PRIMARY KEY,
    commit_key     INTEGER NOT NULL UNIQUE,
    received_at_us INTEGER NOT NULL,
    result_count   INTEGER NOT NULL,
    touched        BLOB NOT NULL,
    first_row      INTEGER NOT NULL,
    last_row       INTEGER NOT NULL
);
INSERT INTO commit_log
    SELECT commit_id, commit_id, received_at_us, last_row - first_row,
           touched_buckets((SELECT json_group_array(json_array(tenant_key, time_us / 900000000))
                            FROM (SELECT DISTINCT tenant_key, time_us FROM result r
                                  WHERE r.row_id > b.first_row AND r.row_id <= b.last_row))),
           first_row, last_row
    FROM commit_log_before b;
DROP TABLE commit_log_before;

CREATE VIEW visible_result AS
    SELECT r.*, c.received_at_us FROM result r JOIN commit_log c ON c.commit_key = r.commit_key;
CREATE VIEW any_result AS SELECT * FROM visible_result;

ALTER TABLE check_state ADD COLUMN last_us INTEGER NOT NULL DEFAULT 0;
UPDATE check_state SET last_us = coalesce(
    (SELECT max(time_us) FROM result r
     WHERE r.tenant_key = check_state.tenant_key AND r.check_key = check_state.check_key), 0);

CREATE INDEX check_change_by_knowledge ON check_change (known_at_us);

CREATE TABLE rollup (
    tenant_key     INTEGER NOT NULL,
    check_key      INTEGER NOT NULL,
    width_s        INTEGER NOT NULL,
    start_us       INTEGER NOT NULL,
    healthy        INTEGER NOT NULL,
    degraded       INTEGER NOT NULL,
    unhealthy      INTEGER NOT NULL,
    unknown        INTEGER NOT NULL,
    latency_count  INTEGER NOT NULL,
    latency_sum_us INTEGER NOT NULL,
    latency_max_us INTEGER,
    histogram      BLOB NOT NULL,
    healthy_ms     INTEGER NOT NULL,
    degraded_ms    INTEGER NOT NULL,
    unhealthy_ms   INTEGER NOT NULL,
    unknown_ms     INTEGER NOT NULL,
    known_at_us    INTEGER NOT NULL,
    PRIMARY KEY (tenant_key, width_s, start_us, check_key)
) WITHOUT ROWID;

-- Wider spans that must be made again of narrower ones once they are over.
CREATE TABLE rollup_due (
    tenant_key INTEGER NOT NULL,
    width_s    INTEGER NOT NULL,
    start_us   INTEGER NOT NULL,
    PRIMARY KEY (tenant_key, width_s, start_us)
) WITHOUT ROWID;

-- Raw results before this instant have been deleted; it only rises.
CREATE TABLE retention (
    name      TEXT PRIMARY KEY,
    before_us INTEGER NOT NULL
) WITHOUT ROWID;
