-- complaints ---------------------------------------------------------------------------------------------------------

-- A customer asks a hall for help, or complains of it.
CREATE TABLE complaints (
  id UUID PRIMARY KEY,
  venue_id UUID NOT NULL REFERENCES venues (id),
  customer_id UUID NOT NULL REFERENCES customers (id),
  -- What it is about, if it is about one.
  session_id UUID REFERENCES play_sessions (id),
  -- The case of its table that was open when it came.
  case_id UUID REFERENCES maintenance_cases (id),
  -- help, complaint
  matter TEXT NOT NULL,
  -- light, table, price, cleanliness, other
  kind TEXT NOT NULL,
  -- open, answered, closed
  state TEXT NOT NULL,
  reopened BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX complaints_customer ON complaints (customer_id, id);
CREATE INDEX complaints_venue ON complaints (venue_id, state, id);
CREATE INDEX complaints_state ON complaints (state, id);
-- For the share of sessions that are complained of.
CREATE INDEX complaints_of_sessions ON complaints (venue_id, id) WHERE matter = 'complaint' AND session_id IS NOT NULL;

-- What the two have said, in order.
CREATE TABLE complaint_lines (
  complaint_id UUID NOT NULL REFERENCES complaints (id),
  place BIGINT NOT NULL,
  -- Who of the staff; none: the customer.
  user_id UUID REFERENCES users (id),
  body TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (complaint_id, place)
) /* WITHOUT ROWID */;

-- What was given back of a session's bill: once.
CREATE TABLE play_remedies (
  session_id UUID PRIMARY KEY REFERENCES play_sessions (id),
  complaint_id UUID NOT NULL REFERENCES complaints (id),
  amount BIGINT NOT NULL,
  reason TEXT NOT NULL,
  transfer_id UUID NOT NULL REFERENCES ledger_transfers (id),
  user_id UUID NOT NULL REFERENCES users (id),
  at BIGINT NOT NULL
);

-- what a hall offers beside play ---------------------------------------------------------------------------------------

-- None: none of it.
CREATE TABLE venue_offers (
  venue_id UUID PRIMARY KEY REFERENCES venues (id),
  -- In all of a session; 0: no pauses.
  pause_minutes BIGINT NOT NULL,
  -- The light stays on meanwhile.
  pause_lit BOOLEAN NOT NULL,
  -- After play; 0: none.
  cleaning_minutes BIGINT NOT NULL,
  -- Counts their changes.
  version BIGINT NOT NULL
);

-- pauses ---------------------------------------------------------------------------------------------------------------

-- Since when it is paused; none: it is not.
ALTER TABLE play_sessions ADD COLUMN paused_at BIGINT;
-- All pauses that are over, in microseconds, and how many there were with the one that is not.
ALTER TABLE play_sessions ADD COLUMN paused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE play_sessions ADD COLUMN pauses BIGINT NOT NULL DEFAULT 0;
-- What was played without light, or without a word from it, and is nobody's to pay, in microseconds.
ALTER TABLE play_sessions ADD COLUMN unlit BIGINT NOT NULL DEFAULT 0;
-- The last one of a table: whether it has to be cleaned.
CREATE INDEX play_sessions_last ON play_sessions (table_id, id);
