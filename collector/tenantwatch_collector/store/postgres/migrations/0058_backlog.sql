-- The last sequence that an agent had in its backlog when it came: until it is here, what it saw before is not.
ALTER TABLE agent ADD COLUMN backlog_until bigint NOT NULL DEFAULT 0;
