-- When nobody is told: of one tenant or type, or of anything.
CREATE TABLE silence (
    silence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  text,
    alert_type text,
    start_us   bigint NOT NULL,
    end_us     bigint NOT NULL,
    who        text NOT NULL,
    notes      text NOT NULL,
    CHECK (end_us >= start_us)
);
CREATE INDEX silence_by_end ON silence (end_us);
