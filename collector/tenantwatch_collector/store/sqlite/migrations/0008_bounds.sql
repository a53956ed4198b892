-- What is lost is bounded by tenant, so it must be found by tenant.
CREATE INDEX dead_letter_by_tenant ON dead_letter (tenant_key, dead_letter_id);
CREATE INDEX gap_by_tenant ON gap (tenant_key, gap_id);
