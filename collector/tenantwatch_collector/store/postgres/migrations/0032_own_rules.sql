-- Rules and silences name their tenant by its id; a tenant sees those that name it, and no others.
DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['alert_rule', 'silence'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT TO tenantwatch_tenant USING (tenant_id ='
                       ' (SELECT t.tenant_id FROM tenant t WHERE t.tenant_key = (SELECT visible_tenant())))', each);
        EXECUTE format('GRANT SELECT ON %I TO tenantwatch_tenant', each);
    END LOOP;
END $$;
CREATE INDEX alert_rule_by_tenant ON alert_rule (tenant_id);
CREATE INDEX silence_by_tenant ON silence (tenant_id, end_us);
