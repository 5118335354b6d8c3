-- tables that are held for somebody who is on the way -------------------------------------------------------------------

-- For how long a customer may hold one; 0: not at all.
ALTER TABLE venue_offers ADD COLUMN hold_minutes BIGINT NOT NULL DEFAULT 15;

CREATE TABLE table_holds (
  id UUID PRIMARY KEY,
  venue_id UUID NOT NULL REFERENCES venues (id),
  table_id UUID NOT NULL REFERENCES venue_tables (id),
  -- Who may open it; none: nobody before the staff releases it.
  customer_id UUID REFERENCES customers (id),
  -- Who of the staff holds it for somebody; none: the customer does.
  user_id UUID REFERENCES users (id),
  -- For whom, as the staff has it.
  note TEXT NOT NULL,
  begun_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  ended_at BIGINT,
  -- opened, given_back, ran_out, hall_closed, released, maintenance
  end_reason TEXT,
  -- What it was opened for.
  session_id UUID REFERENCES play_sessions (id)
);
-- One a table, and one that a customer has asked for.
CREATE UNIQUE INDEX table_holds_table ON table_holds (table_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX table_holds_own ON table_holds (customer_id) WHERE ended_at IS NULL AND user_id IS NULL;
-- What is held for a customer, and what came of it.
CREATE INDEX table_holds_customer ON table_holds (customer_id, ended_at);
CREATE INDEX table_holds_user ON table_holds (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX table_holds_venue ON table_holds (venue_id) WHERE ended_at IS NULL;
