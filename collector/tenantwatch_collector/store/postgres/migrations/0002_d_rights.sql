-- What a tenant may see, held by the database itself. The role tenantwatch_tenant owns nothing and may read
-- only what is granted here, and of it only one tenant's rows: those of the tenant to which the login role
-- was admitted, or, where the collector has taken the role on, of the tenant it has named.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenantwatch_tenant') THEN
        BEGIN
            CREATE ROLE tenantwatch_tenant NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
                   WHERE r.rolname = 'tenantwatch_tenant' AND u.rolname = CURRENT_USER) THEN
        GRANT tenantwatch_tenant TO CURRENT_USER;
    END IF;
END $$;

CREATE TABLE tenant_role (
    role_name  name PRIMARY KEY,
    tenant_key integer NOT NULL REFERENCES tenant
);

-- A login role that was admitted to a tenant has that one, whatever it sets; only the collector is believed.
CREATE FUNCTION visible_tenant() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT coalesce(
        (SELECT tenant_key FROM tenant_role WHERE role_name = session_user),
        CASE WHEN session_user = (SELECT tableowner FROM pg_tables
                                  WHERE schemaname = current_schema() AND tablename = 'tenant')
             THEN nullif(current_setting('tenantwatch.tenant_key', true), '')::integer END)
$$;

-- Columnstore and row-level security exclude each other: results are seen through a view with a barrier.
CREATE VIEW visible_result WITH (security_barrier) AS
    SELECT r.*, c.received_at_us FROM result r JOIN commit_log c ON c.commit_key = r.commit_key
    WHERE r.tenant_key = (SELECT visible_tenant());
CREATE VIEW any_result AS
    SELECT r.*, c.received_at_us FROM result r JOIN commit_log c ON c.commit_key = r.commit_key;
REVOKE ALL ON visible_result, any_result FROM PUBLIC;
GRANT SELECT ON visible_result TO tenantwatch_tenant;

DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY[
        'tenant', 'agent', 'check_definition', 'metric_set', 'gap', 'check_state', 'check_change',
        'tenant_state', 'alert', 'rollup'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT TO tenantwatch_tenant'
                       ' USING (tenant_key = (SELECT visible_tenant()))', each);
        EXECUTE format('GRANT SELECT ON %I TO tenantwatch_tenant', each);
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO tenantwatch_tenant', current_schema());
END $$;

-- The end of a commit: moves the watermarks from where the writer knows them to where they now are, and
-- enters the commit into the log. The lock makes commit_id the order in which commits become visible.
CREATE FUNCTION seal_commit(
    tenants integer[], agents text[], generations text[], lanes smallint[], befores bigint[], afters bigint[],
    key bigint, received_us bigint, results integer, earliest bigint, latest bigint, touched_buckets bytea
) RETURNS TABLE (sealed_id bigint, sealed_us bigint)
LANGUAGE plpgsql AS $$
DECLARE
    moved integer;
    begun integer;
BEGIN
    UPDATE watermark w SET sequence = u.after
    FROM unnest(tenants, agents, generations, lanes, befores, afters)
         AS u (tenant, agent, spool, which, before, after)
    WHERE w.tenant_key = u.tenant AND w.agent_id = u.agent AND w.generation = u.spool AND w.lane = u.which
      AND w.sequence = u.before;
    GET DIAGNOSTICS moved = ROW_COUNT;
    INSERT INTO watermark
    SELECT u.tenant, u.agent, u.spool, u.which, u.after
    FROM unnest(tenants, agents, generations, lanes, befores, afters)
         AS u (tenant, agent, spool, which, before, after)
    WHERE u.before = 0
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS begun = ROW_COUNT;
    IF moved + begun <> cardinality(tenants) THEN
        RAISE EXCEPTION 'a watermark is not where its writer left it' USING ERRCODE = 'TW001';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('tenantwatch commit order'), hashtext(current_schema()));
    RETURN QUERY
    INSERT INTO commit_log
    SELECT coalesce(max(c.commit_id), 0) + 1, key,
           greatest(received_us, coalesce(max(c.received_at_us), 0) + 1), results, earliest, latest,
           touched_buckets
    FROM (SELECT l.commit_id, l.received_at_us FROM commit_log l ORDER BY l.commit_id DESC LIMIT 1) c
    RETURNING commit_log.commit_id, commit_log.received_at_us;
END $$;
