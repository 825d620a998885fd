-- The first tables of a history store in SQLite.

CREATE TABLE schema_version (version BIGINT NOT NULL);

-- Runs that are comparable.
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    series BIGINT NOT NULL REFERENCES series (id),
    name TEXT NOT NULL,
    tool TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT NOT NULL,
    interrupted TEXT,
    UNIQUE (series, name)
);
CREATE INDEX run_by_time ON run (series, started_us);

-- Texts that many rows share: values of facts, reasons and signatures.
CREATE TABLE phrase (
    id INTEGER PRIMARY KEY,
    words TEXT NOT NULL UNIQUE
);

CREATE TABLE fact (
    run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    phrase BIGINT NOT NULL REFERENCES phrase (id),
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

-- A case in one revision of its claim.
CREATE TABLE subject (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    variant TEXT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (name, variant, revision)
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
) WITHOUT ROWID;
