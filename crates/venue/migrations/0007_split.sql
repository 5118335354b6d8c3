-- splits 分账 ---------------------------------------------------------------------------------------------------------

-- A bill that its customer shares with others. It is paid from the customer's wallet all the same; a split moves the others' shares into it.
CREATE TABLE splits (
  id UUID PRIMARY KEY,
  session_id UUID NOT NULL REFERENCES play_sessions (id),
  starter_id UUID NOT NULL REFERENCES customers (id),
  -- In its link: unguessable.
  code TEXT NOT NULL,
  -- even, amounts
  manner TEXT NOT NULL,
  -- open, settled, undone
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- Until when a share can be confirmed. None: it is still played.
  confirm_by BIGINT,
  reminded BOOLEAN NOT NULL,
  ended_at BIGINT,
  -- everybody, deadline, starter, cancelled, nobody, nothing
  end_reason TEXT
);
-- What keeps somebody from becoming another.
CREATE INDEX splits_starter ON splits (starter_id);
CREATE UNIQUE INDEX splits_code ON splits (code);
-- One for a bill.
CREATE UNIQUE INDEX splits_session ON splits (session_id) WHERE state <> 'undone';

CREATE TABLE split_shares (
  split_id UUID NOT NULL REFERENCES splits (id),
  -- 0 is the starter's.
  place BIGINT NOT NULL,
  -- Its part of the sum of all weights.
  weight BIGINT NOT NULL,
  -- Who has taken it.
  customer_id UUID REFERENCES customers (id),
  -- What is held in that wallet, on its way to the starter's.
  transfer_id UUID REFERENCES ledger_transfers (id),
  -- The most that was agreed to, in fen: so much is held.
  agreed BIGINT NOT NULL,
  -- What it came to.
  paid BIGINT NOT NULL,
  PRIMARY KEY (split_id, place)
) /* WITHOUT ROWID */;
-- One for a customer.
CREATE UNIQUE INDEX split_shares_customer ON split_shares (customer_id, split_id) WHERE customer_id IS NOT NULL;
