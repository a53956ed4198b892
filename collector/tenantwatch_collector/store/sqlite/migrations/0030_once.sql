-- Commands that are carried out once: by a hash of their key, what was asked, whether it was done, and the
-- answer, which only whoever has the key can read.
CREATE TABLE once (
    key_sha256     BLOB PRIMARY KEY,
    request_sha256 BLOB NOT NULL,
    begun_at_us    INTEGER NOT NULL,
    done           INTEGER NOT NULL DEFAULT 0,
    status         INTEGER,
    answer         BLOB
);
CREATE INDEX once_by_time ON once (begun_at_us);
