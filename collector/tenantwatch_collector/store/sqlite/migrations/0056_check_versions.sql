-- What each check was, from when on, and when that became known: rows are only ever added. Of the time before
-- this version what is known is kept: the newest definition, and from when to when the check was a member.
CREATE TABLE check_version (
    tenant_key        INTEGER NOT NULL REFERENCES tenant,
    check_key         INTEGER NOT NULL REFERENCES check_definition,
    in_force_from_us  INTEGER NOT NULL,
    known_at_us       INTEGER NOT NULL,
    member            INTEGER NOT NULL,
    kind              TEXT NOT NULL,
    group_id          TEXT NOT NULL,
    interval_ms       INTEGER NOT NULL,
    timeout_ms        INTEGER NOT NULL,
    confirm_failures  INTEGER NOT NULL,
    confirm_successes INTEGER NOT NULL,
    PRIMARY KEY (tenant_key, check_key, in_force_from_us, known_at_us)
) WITHOUT ROWID;

INSERT INTO check_version
SELECT tenant_key, check_key, coalesce(active_since_us, 0), coalesce(active_since_us, 0), TRUE, kind,
       group_id, interval_ms, timeout_ms, confirm_failures, confirm_successes
FROM check_definition;

INSERT INTO check_version
SELECT tenant_key, check_key, max(active_until_us, coalesce(active_since_us, 0) + 1),
       max(active_until_us, coalesce(active_since_us, 0) + 1), FALSE, kind, group_id, interval_ms,
       timeout_ms, confirm_failures, confirm_successes
FROM check_definition WHERE active_until_us IS NOT NULL;

ALTER TABLE check_definition DROP COLUMN active_since_us;
ALTER TABLE check_definition DROP COLUMN active_until_us;
