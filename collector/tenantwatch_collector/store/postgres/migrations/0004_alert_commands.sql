-- What callers want done to alerts; the engine that has done it says when.
CREATE TABLE alert_command (
    command_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_key    integer NOT NULL,
    alert_id      text NOT NULL,
    action        text NOT NULL CHECK (action IN ('acknowledge', 'resolve')),
    who           text NOT NULL,
    notes         text NOT NULL,
    created_at_us bigint NOT NULL,
    done_at_us    bigint
);
CREATE INDEX alert_command_pending ON alert_command (command_id) WHERE done_at_us IS NULL;
CREATE INDEX alert_command_done ON alert_command (done_at_us);
