-- Rounds are independent repetitions; attempts are retries within a round. Version 1 numbered both in one sequence. Its
-- rows become attempts of one round, so that no retry counts as a repetition; adding a run again stores its rounds.

CREATE TEMPORARY TABLE result_1 AS SELECT * FROM result;
DROP TABLE result;
CREATE TABLE result (
    run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    subject BIGINT NOT NULL REFERENCES subject (id),
    round BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    duration_us BIGINT NOT NULL,
    reason BIGINT REFERENCES phrase (id),
    signature BIGINT REFERENCES phrase (id),
    PRIMARY KEY (run, subject, round, attempt)
) WITHOUT ROWID;
INSERT INTO result (run, subject, round, attempt, outcome, duration_us, reason, signature)
    SELECT run, subject, 1, attempt, outcome, duration_us, reason, signature FROM result_1;
DROP TABLE result_1;
