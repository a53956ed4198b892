-- No unique key and no trigger: either would switch off writing compressed at once. The watermark keeps
-- results from being stored twice, and two results of one instant are read as one (the worst).
CREATE TABLE result (
    time_us        bigint NOT NULL,
    tenant_key     integer NOT NULL,
    check_key      integer NOT NULL,
    status         smallint NOT NULL,
    latency_us     bigint,
    commit_key     bigint NOT NULL,
    sent_time_us   bigint,
    text           text,
    metric_set_key integer,
    metric_values  float8[]
);
SELECT create_hypertable('result', by_range('time_us', 86400000000), create_default_indexes => false);
CREATE INDEX result_by_check ON result (tenant_key, check_key, time_us DESC);
