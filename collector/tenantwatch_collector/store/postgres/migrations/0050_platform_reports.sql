-- A report may be the platform's: then its tenant_key is 0, which no tenant has.
ALTER TABLE issued_report DROP CONSTRAINT issued_report_tenant_key_fkey;
