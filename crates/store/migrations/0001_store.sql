-- What must happen outside, written by the transaction that decided it.
CREATE TABLE jobs (
  id UUID PRIMARY KEY,
  kind TEXT NOT NULL,
  -- prompt, boards, wechat, alipay, texts, callbacks, mail, rest: each has workers of its own, so that nothing that is slow, or somebody else's server, keeps others waiting.
  crew TEXT NOT NULL,
  payload TEXT NOT NULL,
  -- queued, running, done, dead, dismissed
  state TEXT NOT NULL,
  run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  max_attempts BIGINT NOT NULL,
  lease_until BIGINT,
  lease_token UUID,
  -- The process that has it.
  worker UUID,
  last_error TEXT,
  -- At most one job of a kind with this name, until it is swept away: a schedule's tick, a message's id.
  dedup_key TEXT,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX jobs_due ON jobs (crew, run_at, id) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (crew, lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_dedup ON jobs (kind, dedup_key) WHERE dedup_key IS NOT NULL;
CREATE INDEX jobs_list ON jobs (kind, state, id);
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE state = 'done';
CREATE INDEX jobs_dismissed ON jobs (finished_at) WHERE state = 'dismissed';

-- In which process a crew works that works in one at a time, and until when, unless it goes on.
CREATE TABLE crews (
  name TEXT PRIMARY KEY,
  holder UUID NOT NULL,
  until_at BIGINT NOT NULL
);

-- Something that processes remember has changed.
CREATE TABLE topics (
  name TEXT PRIMARY KEY,
  number BIGINT NOT NULL
);
