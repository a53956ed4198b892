-- Who did what. Rows are added and nothing else: whatever would change or remove one is refused.
CREATE TABLE audit_entry (
    entry_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time_us    bigint NOT NULL,
    tenant_key integer REFERENCES tenant,
    subject    text NOT NULL,
    roles      text NOT NULL,
    address    text NOT NULL,
    request_id text NOT NULL,
    action     text NOT NULL,
    target     text NOT NULL,
    before     text NOT NULL,
    after      text NOT NULL
);
CREATE INDEX audit_entry_by_tenant ON audit_entry (tenant_key, entry_id);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_is_not_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON audit_entry FOR SELECT TO tenantwatch_tenant
    USING (tenant_key = (SELECT visible_tenant()));
GRANT SELECT ON audit_entry TO tenantwatch_tenant;
