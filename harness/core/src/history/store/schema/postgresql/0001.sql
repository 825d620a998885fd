-- The first tables of a history store in PostgreSQL. The search path must be the schema `podproof`. Texts are
-- compared by bytes, as in SQLite. They may be too long for a B-tree index, so unique columns use hash exclusion
-- constraints.

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

-- Texts that many rows share: values of facts, reasons and signatures.
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

-- A case in one revision of its claim.
CREATE TABLE subject (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    -- The length separates name and variant.
    EXCLUDE USING hash ((revision || ' ' || length(name) || ' ' || name || variant) WITH =)
);

CREATE TABLE result (
    run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    subject BIGINT NOT NULL REFERENCES subject (id),
    attempt BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    duration_us BIGINT NOT NULL,
    reason BIGINT REFERENCES phrase (id),
    signature BIGINT REFERENCES phrase (id),
    PRIMARY KEY (run, subject, attempt)
);
