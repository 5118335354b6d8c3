-- jobs that were put off by a clock that was ahead -------------------------------------------------------------------------

-- When it was decided when it is to run, by the clock of then. What lies after now was decided by a clock that was ahead, and is counted anew.
ALTER TABLE jobs ADD COLUMN decided_at BIGINT NOT NULL DEFAULT 0;
UPDATE jobs SET decided_at = created_at WHERE state = 'queued';
CREATE INDEX jobs_decided ON jobs (decided_at) WHERE state = 'queued';
