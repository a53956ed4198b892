-- One file serves one collector, which a lock on it says; what PostgreSQL's collectors tell one another stands
-- here for the questions that both databases are asked.
CREATE TABLE lease (
    name           TEXT PRIMARY KEY,
    holder         TEXT NOT NULL,
    term           INTEGER NOT NULL,
    until_us       INTEGER NOT NULL,
    judged_through INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO lease VALUES ('engines', '', 0, 0, 0);

CREATE TABLE revision (
    name   TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO revision VALUES ('definitions', 0);
