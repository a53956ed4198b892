-- The collectors that work on this store: each writes its row again and again, and takes it away when it ends.
CREATE TABLE collector_beat (
    collector_id text PRIMARY KEY,
    beat         bigint NOT NULL,
    beat_at_us   bigint NOT NULL
);
