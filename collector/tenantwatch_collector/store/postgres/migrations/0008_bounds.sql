-- What is lost is bounded by tenant, so it must be found by tenant.
CREATE INDEX dead_letter_by_tenant ON dead_letter (tenant_key, dead_letter_id);
CREATE INDEX gap_by_tenant ON gap (tenant_key, gap_id);

-- The names of 128 metrics are longer than an index entry may be: their digest stands for them.
ALTER TABLE metric_set ADD COLUMN names_sha256 bytea;
UPDATE metric_set SET names_sha256 = sha256(convert_to(names, 'UTF8'));
ALTER TABLE metric_set ALTER COLUMN names_sha256 SET NOT NULL;
ALTER TABLE metric_set DROP CONSTRAINT metric_set_tenant_key_names_key;
CREATE UNIQUE INDEX metric_set_by_names ON metric_set (tenant_key, names_sha256);
