-- An alert may be the platform's own: then its tenant_key is 0, which no tenant has. And agents have labels.
ALTER TABLE alert DROP CONSTRAINT alert_tenant_key_fkey;
ALTER TABLE agent ADD COLUMN labels text NOT NULL DEFAULT '{}';
