-- projects and grants ------------------------------------------------------------------------------------------------

CREATE TABLE projects (
  id UUID PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  description TEXT NOT NULL,
  version TEXT NOT NULL,
  parameters TEXT NOT NULL,
  -- active, disabled
  state TEXT NOT NULL,
  api_key TEXT NOT NULL,
  secret BYTEA NOT NULL,
  previous_secret BYTEA,
  previous_secret_until BIGINT,
  -- Ed25519: the seed is encrypted, the public key is shown.
  response_seed BYTEA NOT NULL,
  response_public BYTEA NOT NULL,
  devices_per_key BIGINT NOT NULL,
  unbind_limit BIGINT,
  rate_per_minute BIGINT NOT NULL,
  open_for_application BOOLEAN NOT NULL,
  callback_url TEXT,
  callback_secret BYTEA,
  callback_events TEXT NOT NULL,
  owner_id UUID NOT NULL REFERENCES users (id),
  banned_until BIGINT,
  ban_level BIGINT NOT NULL,
  last_ban_at BIGINT,
  -- Counts what is changed by forms: of two who change a project at once the second is refused.
  revision BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX projects_name ON projects (name_key);
CREATE UNIQUE INDEX projects_api_key ON projects (api_key);

CREATE TABLE prices (
  project_id UUID NOT NULL REFERENCES projects (id),
  -- minute, hour, day, month, forever
  unit TEXT NOT NULL,
  count BIGINT NOT NULL,
  price BIGINT NOT NULL,
  PRIMARY KEY (project_id, unit, count)
);

CREATE TABLE grants (
  id UUID PRIMARY KEY,
  project_id UUID NOT NULL REFERENCES projects (id),
  agent_id UUID NOT NULL REFERENCES users (id),
  granted_by UUID REFERENCES users (id),
  note TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT,
  -- active, ended
  state TEXT NOT NULL,
  -- expired, revoked
  ended_reason TEXT,
  ended_at BIGINT,
  warned_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX grants_live ON grants (project_id, agent_id) WHERE state = 'active';
CREATE INDEX grants_agent ON grants (agent_id, id);
CREATE INDEX grants_project ON grants (project_id, id);
CREATE INDEX grants_ending ON grants (ends_at) WHERE state = 'active' AND ends_at IS NOT NULL;

CREATE TABLE applications (
  id UUID PRIMARY KEY,
  project_id UUID NOT NULL REFERENCES projects (id),
  agent_id UUID NOT NULL REFERENCES users (id),
  -- Who decides: the agent's superior; none means any super admin.
  reviewer_id UUID REFERENCES users (id),
  reason TEXT NOT NULL,
  -- pending, approved, refused, withdrawn
  state TEXT NOT NULL,
  note TEXT NOT NULL,
  decided_by UUID REFERENCES users (id),
  created_at BIGINT NOT NULL,
  decided_at BIGINT
);
CREATE UNIQUE INDEX applications_open ON applications (project_id, agent_id) WHERE state = 'pending';
CREATE INDEX applications_agent ON applications (agent_id, state, id);
CREATE INDEX applications_reviewer ON applications (reviewer_id, state, id);
CREATE INDEX applications_state ON applications (state, id);

-- batches and keys ---------------------------------------------------------------------------------------------------

CREATE TABLE batches (
  id UUID PRIMARY KEY,
  project_id UUID NOT NULL REFERENCES projects (id),
  agent_id UUID NOT NULL REFERENCES users (id),
  count BIGINT NOT NULL,
  made BIGINT NOT NULL,
  unit TEXT NOT NULL,
  validity BIGINT NOT NULL,
  unit_price BIGINT NOT NULL,
  total BIGINT NOT NULL,
  note TEXT NOT NULL,
  -- generating, ready, cancelling, cancelled
  state TEXT NOT NULL,
  -- None where the keys cost nothing.
  transfer_id UUID REFERENCES ledger_transfers (id),
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX batches_agent ON batches (agent_id, project_id, state, id);
CREATE INDEX batches_project ON batches (project_id, state, id);
CREATE INDEX batches_finished ON batches (agent_id, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX batches_open ON batches (id) WHERE state IN ('generating', 'cancelling');

CREATE TABLE keys (
  id UUID PRIMARY KEY,
  project_id UUID NOT NULL REFERENCES projects (id),
  batch_id UUID NOT NULL REFERENCES batches (id),
  agent_id UUID NOT NULL REFERENCES users (id),
  -- Keyed hash of the text: finds a key without holding it.
  lookup UUID NOT NULL,
  -- The text, encrypted.
  sealed BYTEA NOT NULL,
  -- unused, active, expired, disabled. An expired key may still say active until the sweep has passed: the clock decides.
  state TEXT NOT NULL,
  unit TEXT NOT NULL,
  validity BIGINT NOT NULL,
  activated_at BIGINT,
  expires_at BIGINT,
  disabled_at BIGINT,
  -- What a superior disabled, its agent cannot enable.
  disabled_by UUID,
  devices BIGINT NOT NULL,
  unbinds BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  -- Its devices, a line each: id, when it was bound, and name, with tabs between. A verification reads one row.
  bound TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX keys_lookup ON keys (lookup);
CREATE INDEX keys_batch ON keys (batch_id, id);
CREATE INDEX keys_agent ON keys (agent_id, project_id, state, id);
CREATE INDEX keys_project ON keys (project_id, state, id);
CREATE INDEX keys_ending ON keys (expires_at) WHERE expires_at IS NOT NULL AND state IN ('active', 'unused');

-- Which keys a device is bound to: what stands on the keys' rows, the other way round.
CREATE TABLE key_devices (
  device_id TEXT NOT NULL,
  -- Refers to no key as far as the database knows: a first use, which has just read the key, would have it looked for again. A key that was
  -- used is never removed; doctor compares.
  key_id UUID NOT NULL,
  PRIMARY KEY (device_id, key_id)
) /* WITHOUT ROWID */;

-- What a link to download keys by is for, until it is over.
CREATE TABLE exports (
  ticket_hash BYTEA PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES users (id),
  -- Which keys, which columns, which format: JSON. A thousand ticked keys are some 33 KiB.
  ask TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX exports_user ON exports (user_id, expires_at);
CREATE INDEX exports_expiry ON exports (expires_at);

-- client API ---------------------------------------------------------------------------------------------------------

-- A hash of project and nonce, for as long as a request with it could be sent again. On PostgreSQL: the unique row is where two
-- processes meet.
CREATE TABLE nonces (
  -- Eight bytes of its hash.
  id BIGINT PRIMARY KEY,
  -- Which set of requests brought it: the second in which it came, and 32 bits that tell it from others.
  set_number BIGINT NOT NULL
) /* WITHOUT ROWID */;

-- On SQLite, where one process serves: a set's nonces, 8 bytes of hash each, for it to know after a restart.
CREATE TABLE nonce_sets (
  id UUID PRIMARY KEY,
  hashes BYTEA NOT NULL
) /* WITHOUT ROWID */;

-- Calls that passed and were not the first of their key: a row for a set's, of one project. A call's id is its row's with its
-- place there in the last two bytes.
CREATE TABLE passed_calls (
  id UUID PRIMARY KEY,
  at BIGINT NOT NULL,
  project_id UUID NOT NULL,
  -- How many.
  calls BIGINT NOT NULL,
  packed BYTEA NOT NULL
);
-- As it is, and beside the rest of its row where a page has room for it: the compressor's time was more than the disk's.
-- postgres: ALTER TABLE passed_calls ALTER COLUMN packed SET STORAGE EXTERNAL;
-- postgres: ALTER TABLE passed_calls SET (toast_tuple_target = 8160);
CREATE INDEX passed_calls_project ON passed_calls (project_id, id);

-- Every other authenticated call of a program, with its verdict. Its order is its key.
CREATE TABLE client_calls (
  id UUID PRIMARY KEY,
  at BIGINT NOT NULL,
  project_id UUID NOT NULL,
  -- verify, query, time
  endpoint TEXT NOT NULL,
  status BIGINT NOT NULL,
  code TEXT NOT NULL,
  refused BOOLEAN NOT NULL,
  first_use BOOLEAN NOT NULL,
  key_id UUID,
  agent_id UUID,
  -- The last group of the key as it was sent: enough to recognise it, not enough to use it.
  key_hint TEXT NOT NULL,
  device_id TEXT NOT NULL,
  device_name TEXT NOT NULL,
  address TEXT NOT NULL,
  -- Hints are random. An index of them has each row in a page of its own, which was half of what SQLite wrote of a set of first uses;
  -- one of their beginnings is written at its 32 ends, and a hint is found among a 32nd of the rows.
  hint_lane TEXT NOT NULL GENERATED ALWAYS AS (SUBSTR(key_hint, 1, 1)) STORED
) /* WITHOUT ROWID */;
CREATE INDEX client_calls_project ON client_calls (project_id, id);
CREATE INDEX client_calls_refused ON client_calls (project_id, code, id) WHERE refused;
CREATE INDEX client_calls_refusals ON client_calls (refused, id) WHERE refused;
CREATE INDEX client_calls_endpoint ON client_calls (project_id, endpoint, id) WHERE endpoint <> 'verify';
-- A key's refusals. Its first use is among the calls of the moment in which the key was activated.
CREATE INDEX client_calls_key ON client_calls (key_id, id) WHERE refused;
CREATE INDEX client_calls_agent ON client_calls (agent_id, id) WHERE refused OR first_use;
CREATE INDEX client_calls_hint ON client_calls (hint_lane, id) WHERE refused OR first_use;
CREATE INDEX client_calls_device ON client_calls (device_id, id) WHERE refused OR first_use;

-- callbacks ----------------------------------------------------------------------------------------------------------

CREATE TABLE deliveries (
  id UUID PRIMARY KEY,
  -- Stable over retries and resends: the receiver's idempotency key.
  event_id UUID NOT NULL,
  project_id UUID NOT NULL REFERENCES projects (id),
  event TEXT NOT NULL,
  url TEXT NOT NULL,
  payload TEXT NOT NULL,
  -- waiting, delivered, failed, dismissed
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  -- When the present round of attempts began: sending again begins another, and the job of the one before does nothing more.
  since BIGINT NOT NULL,
  last_status BIGINT,
  -- no_address, bad_address, private_address, no_connection, timeout, no_answer
  last_error TEXT,
  next_attempt_at BIGINT,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX deliveries_list ON deliveries (project_id, state, event, id);
-- Those that somebody should look after. A trial is none of them: whoever asked for it is looking.
CREATE INDEX deliveries_failed ON deliveries (project_id, finished_at, id) WHERE state = 'failed' AND event <> 'test';

CREATE TABLE delivery_attempts (
  id UUID PRIMARY KEY,
  delivery_id UUID NOT NULL REFERENCES deliveries (id),
  at BIGINT NOT NULL,
  status BIGINT,
  error TEXT,
  -- More of that: an address, or what the server's network has said.
  detail TEXT,
  duration_ms BIGINT NOT NULL,
  response TEXT NOT NULL
);
CREATE INDEX delivery_attempts_delivery ON delivery_attempts (delivery_id, id);

-- How many verifications a day, for the home page; added to by the sets. No agent: the key was not found.
CREATE TABLE verification_days (
  -- How many since 1970, by the calendar of the zone that the installation was in.
  day BIGINT NOT NULL,
  project_id UUID NOT NULL,
  agent_id UUID NOT NULL,
  -- Who counts: sets that are written at the same time, by this process or another, must not wait for one row.
  part BIGINT NOT NULL,
  accepted BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  PRIMARY KEY (day, project_id, agent_id, part)
);
