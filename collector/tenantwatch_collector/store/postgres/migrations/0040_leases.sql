-- Which of several collectors drives the engines: by the database's clock, so that theirs do not matter.
CREATE TABLE lease (
    name           text PRIMARY KEY,
    holder         text NOT NULL,
    term           bigint NOT NULL,
    until_us       bigint NOT NULL,
    judged_through bigint NOT NULL
);
-- Makes the term part of a key: whoever judges locks the row FOR KEY SHARE, which holds up the next term, and
-- not the renewal of this one.
CREATE UNIQUE INDEX lease_by_term ON lease (name, term);
INSERT INTO lease VALUES ('engines', '', 0, 0, 0);

-- What the collectors tell one another of, by counting.
CREATE TABLE revision (
    name   text PRIMARY KEY,
    number bigint NOT NULL
);
INSERT INTO revision VALUES ('definitions', 0);
