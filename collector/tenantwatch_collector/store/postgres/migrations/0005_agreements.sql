-- What was agreed, announced, corrected and issued. Rows are added; only a cancellation and an approval are
-- ever filled in, once.
CREATE TABLE contract (
    tenant_key       integer NOT NULL REFERENCES tenant,
    number           integer NOT NULL,
    in_force_from_us bigint NOT NULL,
    recorded_at_us   bigint NOT NULL,
    author           TEXT NOT NULL,
    reason           TEXT NOT NULL,
    contract         TEXT NOT NULL,
    PRIMARY KEY (tenant_key, number)
);

CREATE TABLE maintenance_window (
    tenant_key      integer NOT NULL REFERENCES tenant,
    window_id       integer NOT NULL,
    from_us         bigint,
    to_us           bigint,
    recurrence      TEXT NOT NULL,
    checks          TEXT,
    reason          TEXT NOT NULL,
    author          TEXT NOT NULL,
    announced_at_us bigint NOT NULL,
    cancelled_at_us bigint,
    PRIMARY KEY (tenant_key, window_id),
    CHECK ((from_us IS NULL) = (recurrence <> ''))
);

CREATE TABLE correction (
    tenant_key     integer NOT NULL REFERENCES tenant,
    number         integer NOT NULL,
    from_us        bigint NOT NULL,
    to_us          bigint NOT NULL,
    counts_as      TEXT NOT NULL,
    reason         TEXT NOT NULL,
    author         TEXT NOT NULL,
    entered_at_us  bigint NOT NULL,
    approver       TEXT,
    approved_at_us bigint,
    PRIMARY KEY (tenant_key, number),
    CHECK ((approver IS NULL) = (approved_at_us IS NULL) AND (approver IS NULL OR approver <> author))
);

CREATE TABLE issued_report (
    tenant_key   integer NOT NULL REFERENCES tenant,
    period_type  TEXT NOT NULL,
    label        TEXT NOT NULL,
    sequence     integer NOT NULL,
    stage        TEXT NOT NULL,
    revision     integer NOT NULL,
    as_of_us     bigint NOT NULL,
    issued_at_us bigint NOT NULL,
    digest       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    document     TEXT NOT NULL,
    PRIMARY KEY (tenant_key, period_type, label, sequence)
);

-- When a check became and ceased to be a member; NULL where it is not known, or has not ceased.
ALTER TABLE check_definition ADD COLUMN active_since_us bigint;
ALTER TABLE check_definition ADD COLUMN active_until_us bigint;

DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['contract', 'maintenance_window', 'correction', 'issued_report'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT TO tenantwatch_tenant'
                       ' USING (tenant_key = (SELECT visible_tenant()))', each);
        EXECUTE format('GRANT SELECT ON %I TO tenantwatch_tenant', each);
    END LOOP;
END $$;
