-- Checks that agents are to look with by the collector's will, and what each agent says of them.
CREATE TABLE assigned_check (
    tenant_key    INTEGER NOT NULL REFERENCES tenant,
    check_id      TEXT NOT NULL,
    agent_id      TEXT,
    definition    TEXT NOT NULL,
    changed_at_us INTEGER NOT NULL,
    changed_by    TEXT NOT NULL,
    PRIMARY KEY (tenant_key, check_id)
) WITHOUT ROWID;

ALTER TABLE tenant ADD COLUMN assignment_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent ADD COLUMN applied_version INTEGER;
ALTER TABLE agent ADD COLUMN refused_version INTEGER;
ALTER TABLE agent ADD COLUMN refusals TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agent ADD COLUMN answered_at_us INTEGER;
