-- meta: generation; for each lane the last sequence given and the last that may have been sent; a checksum of them.
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
-- Every check that has or may get a result here, with its index.
CREATE TABLE IF NOT EXISTS check_entry (
    idx INTEGER PRIMARY KEY, check_id TEXT NOT NULL UNIQUE, definition TEXT NOT NULL, checksum INTEGER);
-- The queue. lane: 1 live, 2 backlog.
CREATE TABLE IF NOT EXISTS result (
    lane INTEGER NOT NULL, sequence INTEGER NOT NULL, idx INTEGER NOT NULL, time_us INTEGER NOT NULL,
    status INTEGER NOT NULL, latency_us INTEGER, text TEXT, metrics TEXT, checksum INTEGER,
    PRIMARY KEY (lane, sequence)) WITHOUT ROWID;
-- What was dropped and not yet reported.
CREATE TABLE IF NOT EXISTS gap (
    lane INTEGER NOT NULL, first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL,
    from_us INTEGER NOT NULL, to_us INTEGER NOT NULL, reason TEXT NOT NULL, checksum INTEGER,
    PRIMARY KEY (lane, first_sequence)) WITHOUT ROWID;
