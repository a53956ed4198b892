-- A report may be the platform's: then its tenant_key is 0, which no tenant has.
CREATE TABLE issued_report_new (
    tenant_key   INTEGER NOT NULL,
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
INSERT INTO issued_report_new SELECT * FROM issued_report;
DROP TABLE issued_report;
ALTER TABLE issued_report_new RENAME TO issued_report;
