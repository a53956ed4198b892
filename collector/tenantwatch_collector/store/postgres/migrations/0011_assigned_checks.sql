-- Checks that agents are to look with by the collector's will, and what each agent says of them.
CREATE TABLE assigned_check (
    tenant_key    integer NOT NULL REFERENCES tenant,
    check_id      text NOT NULL,
    agent_id      text,
    definition    text NOT NULL,
    changed_at_us bigint NOT NULL,
    changed_by    text NOT NULL,
    PRIMARY KEY (tenant_key, check_id)
);

ALTER TABLE tenant ADD COLUMN assignment_version bigint NOT NULL DEFAULT 0;
ALTER TABLE agent ADD COLUMN applied_version bigint;
ALTER TABLE agent ADD COLUMN refused_version bigint;
ALTER TABLE agent ADD COLUMN refusals text NOT NULL DEFAULT '[]';
ALTER TABLE agent ADD COLUMN answered_at_us bigint;

ALTER TABLE assigned_check ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON assigned_check FOR SELECT TO tenantwatch_tenant
    USING (tenant_key = (SELECT visible_tenant()));
GRANT SELECT ON assigned_check TO tenantwatch_tenant;
