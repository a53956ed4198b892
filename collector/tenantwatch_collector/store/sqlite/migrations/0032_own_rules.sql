-- Rules and silences are found by the tenant that they name.
CREATE INDEX alert_rule_by_tenant ON alert_rule (tenant_id);
CREATE INDEX silence_by_tenant ON silence (tenant_id, end_us);
