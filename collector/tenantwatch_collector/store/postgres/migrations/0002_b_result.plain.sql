-- Partitioned by day; the store makes a day's partition before its first result is written.
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
) PARTITION BY RANGE (time_us);
CREATE INDEX result_by_check ON result (tenant_key, check_key, time_us DESC);
