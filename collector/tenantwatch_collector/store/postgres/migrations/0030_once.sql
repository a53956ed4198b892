-- Commands that are carried out once: by a hash of their key, what was asked, whether it was done, and the
-- answer, which only whoever has the key can read.
CREATE TABLE once (
    key_sha256     bytea PRIMARY KEY,
    request_sha256 bytea NOT NULL,
    begun_at_us    bigint NOT NULL,
    done           boolean NOT NULL DEFAULT false,
    status         integer,
    answer         bytea
);
CREATE INDEX once_by_time ON once (begun_at_us);
