-- Who did what. Rows are added and nothing else: whatever would change or remove one is refused.
CREATE TABLE audit_entry (
    entry_id   INTEGER PRIMARY KEY,
    time_us    INTEGER NOT NULL,
    tenant_key INTEGER REFERENCES tenant,
    subject    TEXT NOT NULL,
    roles      TEXT NOT NULL,
    address    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action     TEXT NOT NULL,
    target     TEXT NOT NULL,
    before     TEXT NOT NULL,
    after      TEXT NOT NULL
);
CREATE INDEX audit_entry_by_tenant ON audit_entry (tenant_key, entry_id);
CREATE TRIGGER audit_entry_is_not_changed BEFORE UPDATE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_entry_is_not_removed BEFORE DELETE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_entry_is_not_replaced BEFORE INSERT ON audit_entry
WHEN NEW.entry_id IN (SELECT entry_id FROM audit_entry)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
