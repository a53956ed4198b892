-- Tokens in roles: whose they are, what of their role they leave out, and when they end.
CREATE TABLE token_new (
    token_id        TEXT PRIMARY KEY,
    secret_sha256   BLOB NOT NULL UNIQUE,
    role            TEXT NOT NULL CHECK (role IN ('admin', 'operator', 'auditor', 'tenant-admin', 'tenant-viewer', 'agent')),
    tenant_key      INTEGER REFERENCES tenant,
    name            TEXT NOT NULL,
    created_at_us   INTEGER NOT NULL,
    revoked_at_us   INTEGER,
    last_used_at_us INTEGER,
    subject         TEXT NOT NULL,
    scopes          TEXT NOT NULL DEFAULT '',
    expires_at_us   INTEGER,
    CHECK ((role IN ('admin', 'operator', 'auditor')) = (tenant_key IS NULL))
);
-- What a tenant's token could do so far is what its viewer can; a token of nobody in particular is its own subject.
INSERT INTO token_new
SELECT token_id, secret_sha256, CASE role WHEN 'tenant' THEN 'tenant-viewer' ELSE role END, tenant_key, name,
       created_at_us, revoked_at_us, last_used_at_us, token_id, '', NULL
FROM token;
DROP TABLE token;
ALTER TABLE token_new RENAME TO token;
