-- What each check was, from when on, and when that became known: rows are only ever added. Of the time before
-- this version what is known is kept: the newest definition, and from when to when the check was a member.
CREATE TABLE check_version (
    tenant_key        integer NOT NULL REFERENCES tenant,
    check_key         integer NOT NULL REFERENCES check_definition,
    in_force_from_us  bigint NOT NULL,
    known_at_us       bigint NOT NULL,
    member            boolean NOT NULL,
    kind              text NOT NULL,
    group_id          text NOT NULL,
    interval_ms       bigint NOT NULL,
    timeout_ms        bigint NOT NULL,
    confirm_failures  integer NOT NULL,
    confirm_successes integer NOT NULL,
    PRIMARY KEY (tenant_key, check_key, in_force_from_us, known_at_us)
);

INSERT INTO check_version
SELECT tenant_key, check_key, coalesce(active_since_us, 0), coalesce(active_since_us, 0), TRUE, kind,
       group_id, interval_ms, timeout_ms, confirm_failures, confirm_successes
FROM check_definition;

INSERT INTO check_version
SELECT tenant_key, check_key, greatest(active_until_us, coalesce(active_since_us, 0) + 1),
       greatest(active_until_us, coalesce(active_since_us, 0) + 1), FALSE, kind, group_id, interval_ms,
       timeout_ms, confirm_failures, confirm_successes
FROM check_definition WHERE active_until_us IS NOT NULL;

ALTER TABLE check_definition DROP COLUMN active_since_us;
ALTER TABLE check_definition DROP COLUMN active_until_us;

DO $$
BEGIN
    ALTER TABLE check_version ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON check_version FOR SELECT TO tenantwatch_tenant
        USING (tenant_key = (SELECT visible_tenant()));
    GRANT SELECT ON check_version TO tenantwatch_tenant;
END $$;
