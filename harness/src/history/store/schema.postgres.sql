-- The tables of a history store, version 2, as PostgreSQL makes them: in the schema `podproof`, which the search path
-- names. Words are compared by their bytes, as in SQLite. They may be longer than what an ordinary index takes, so that
-- what must be there once is looked for by its hash.

CREATE TABLE schema_version (version BIGINT NOT NULL);

-- Runs that are comparable.
CREATE TABLE series (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    EXCLUDE USING hash (name WITH =)
);

CREATE TABLE run (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series BIGINT NOT NULL REFERENCES series (id),
    name TEXT COLLATE "C" NOT NULL,
    tool TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT NOT NULL,
    interrupted TEXT,
    EXCLUDE USING hash ((series || ' ' || name) WITH =)
);
CREATE INDEX run_by_time ON run (series, started_us);

-- Words that many rows have: values of facts, reasons, signatures.
CREATE TABLE phrase (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    words TEXT COLLATE "C" NOT NULL,
    EXCLUDE USING hash (words WITH =)
);

CREATE TABLE fact (
    run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    phrase BIGINT NOT NULL REFERENCES phrase (id),
    EXCLUDE USING hash ((run || ' ' || name) WITH =)
);
CREATE INDEX fact_by_run ON fact (run);

-- A case, as long as it means the same.
CREATE TABLE subject (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    -- The length tells where the name ends.
    EXCLUDE USING hash ((revision || ' ' || length(name) || ' ' || name || variant) WITH =)
);

CREATE TABLE result (
    run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    subject BIGINT NOT NULL REFERENCES subject (id),
    -- Repetitions are trials of their own, attempts at one of them are not.
    round BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    duration_us BIGINT NOT NULL,
    reason BIGINT REFERENCES phrase (id),
    signature BIGINT REFERENCES phrase (id),
    PRIMARY KEY (run, subject, round, attempt)
);
