-- Rounds are independent repetitions; attempts are retries within a round. Version 1 numbered both in one sequence. Its
-- rows become attempts of one round, so that no retry counts as a repetition; adding a run again stores its rounds.

ALTER TABLE result ADD COLUMN round BIGINT NOT NULL DEFAULT 1;
ALTER TABLE result ALTER COLUMN round DROP DEFAULT;
ALTER TABLE result DROP CONSTRAINT result_pkey;
ALTER TABLE result ADD PRIMARY KEY (run, subject, round, attempt);
