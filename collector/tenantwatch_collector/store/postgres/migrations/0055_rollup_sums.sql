-- Rollups of all of a tenant's checks that count in reports as one, so that many tenants are read at once; and
-- what checks with request counters counted, look by look.
CREATE TABLE rollup_sum (
    tenant_key     integer NOT NULL,
    width_s        integer NOT NULL,
    start_us       bigint NOT NULL,
    members        text NOT NULL,
    total          bigint NOT NULL,
    errors         bigint NOT NULL,
    latency_count  bigint NOT NULL,
    latency_sum_us bigint NOT NULL,
    latency_max_us bigint,
    histogram      bytea NOT NULL,
    requests       bigint,
    request_errors bigint NOT NULL,
    known_at_us    bigint NOT NULL,
    PRIMARY KEY (tenant_key, width_s, start_us)
);

CREATE TABLE request_rollup (
    tenant_key     integer NOT NULL,
    check_key      integer NOT NULL,
    start_us       bigint NOT NULL,
    requests       bigint NOT NULL,
    request_errors bigint NOT NULL,
    looks          bytea NOT NULL,
    known_at_us    bigint NOT NULL,
    PRIMARY KEY (tenant_key, start_us, check_key)
);

DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['rollup_sum', 'request_rollup'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT TO tenantwatch_tenant'
                       ' USING (tenant_key = (SELECT visible_tenant()))', each);
        EXECUTE format('GRANT SELECT ON %I TO tenantwatch_tenant', each);
    END LOOP;
END $$;
