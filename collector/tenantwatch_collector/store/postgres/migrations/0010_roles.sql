-- Tokens in roles: whose they are, what of their role they leave out, and when they end.
ALTER TABLE token DROP CONSTRAINT token_role_check;
ALTER TABLE token DROP CONSTRAINT token_check;
ALTER TABLE token ADD COLUMN subject text NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN scopes text NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN expires_at_us bigint;
-- What a tenant's token could do so far is what its viewer can; a token of nobody in particular is its own subject.
UPDATE token SET subject = token_id, role = CASE role WHEN 'tenant' THEN 'tenant-viewer' ELSE role END;
ALTER TABLE token ALTER COLUMN subject DROP DEFAULT;
ALTER TABLE token ADD CONSTRAINT token_role_check
    CHECK (role IN ('admin', 'operator', 'auditor', 'tenant-admin', 'tenant-viewer', 'agent'));
ALTER TABLE token ADD CONSTRAINT token_check
    CHECK ((role IN ('admin', 'operator', 'auditor')) = (tenant_key IS NULL));
