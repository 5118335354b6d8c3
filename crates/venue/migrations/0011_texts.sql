-- texts to phones, and what became of them ------------------------------------------------------------------------------

-- What was said is not here: a code is a secret, and a notice stands in the customer's messages.
CREATE TABLE texts (
  id UUID PRIMARY KEY,
  -- code, light_failed, ending
  kind TEXT NOT NULL,
  -- The hall that it is about; none: a code.
  venue_id UUID REFERENCES venues (id),
  -- Sealed, hashed to be found, and with its middle hidden.
  phone BYTEA NOT NULL,
  phone_hash BYTEA NOT NULL,
  phone_hint TEXT NOT NULL,
  -- queued, sent, delivered, failed, unknown, withheld
  state TEXT NOT NULL,
  -- Why it failed, in the provider's words or one of ours; why it was withheld, in ours.
  reason TEXT,
  -- What the provider calls it; none: it has not taken it.
  called TEXT,
  created_at BIGINT NOT NULL,
  sent_at BIGINT,
  -- When what became of it was known, or nobody went on asking.
  ended_at BIGINT
);
CREATE INDEX texts_list ON texts (kind, state, id);
CREATE INDEX texts_venue ON texts (venue_id, kind, state, id);
CREATE INDEX texts_phone ON texts (phone_hash, id);
