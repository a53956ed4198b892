-- What was agreed, announced, corrected and issued. Rows are added; only a cancellation and an approval are
-- ever filled in, once.
CREATE TABLE contract (
    tenant_key       INTEGER NOT NULL REFERENCES tenant,
    number           INTEGER NOT NULL,
    in_force_from_us INTEGER NOT NULL,
    recorded_at_us   INTEGER NOT NULL,
    author           TEXT NOT NULL,
    reason           TEXT NOT NULL,
    contract         TEXT NOT NULL,
    PRIMARY KEY (tenant_key, number)
) WITHOUT ROWID;

CREATE TABLE maintenance_window (
    tenant_key      INTEGER NOT NULL REFERENCES tenant,
    window_id       INTEGER NOT NULL,
    from_us         INTEGER,
    to_us           INTEGER,
    recurrence      TEXT NOT NULL,
    checks          TEXT,
    reason          TEXT NOT NULL,
    author          TEXT NOT NULL,
    announced_at_us INTEGER NOT NULL,
    cancelled_at_us INTEGER,
    PRIMARY KEY (tenant_key, window_id),
    CHECK ((from_us IS NULL) = (recurrence <> ''))
) WITHOUT ROWID;

CREATE TABLE correction (
    tenant_key     INTEGER NOT NULL REFERENCES tenant,
    number         INTEGER NOT NULL,
    from_us        INTEGER NOT NULL,
    to_us          INTEGER NOT NULL,
    counts_as      TEXT NOT NULL,
    reason         TEXT NOT NULL,
    author         TEXT NOT NULL,
    entered_at_us  INTEGER NOT NULL,
    approver       TEXT,
    approved_at_us INTEGER,
    PRIMARY KEY (tenant_key, number),
    CHECK ((approver IS NULL) = (approved_at_us IS NULL) AND (approver IS NULL OR approver <> author))
) WITHOUT ROWID;

CREATE TABLE issued_report (
    tenant_key   INTEGER NOT NULL REFERENCES tenant,
    period_type  TEXT NOT NULL,
    label        TEXT NOT NULL,
    sequence     INTEGER NOT NULL,
    stage        TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    as_of_us     INTEGER NOT NULL,
    issued_at_us INTEGER NOT NULL,
    digest       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    document     TEXT NOT NULL,
    PRIMARY KEY (tenant_key, period_type, label, sequence)
) WITHOUT ROWID;

-- When a check became and ceased to be a member; NULL where it is not known, or has not ceased.
ALTER TABLE check_definition ADD COLUMN active_since_us INTEGER;
ALTER TABLE check_definition ADD COLUMN active_until_us INTEGER;
