-- Who is told of which alerts, as set through the API: every version, an empty definition where it was removed.
CREATE TABLE alert_route (
    name           text NOT NULL,
    version        integer NOT NULL,
    priority       integer NOT NULL,
    definition     text NOT NULL,
    recorded_at_us bigint NOT NULL,
    recorded_by    text NOT NULL,
    PRIMARY KEY (name, version)
);

-- What a message that goes to several has reached already, as its channel writes it.
ALTER TABLE outbox ADD COLUMN progress text NOT NULL DEFAULT '';
