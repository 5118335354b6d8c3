-- payments by WeChat and Alipay ----------------------------------------------------------------------------------------

-- Whether one can pay by a network.
CREATE TABLE pay_channels (
  channel TEXT PRIMARY KEY,
  enabled BOOLEAN NOT NULL,
  -- Counts changes: whoever makes one says which was looked at.
  version BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- Who we are at a network (wechat, alipay), and who we were.
CREATE TABLE pay_merchants (
  id UUID PRIMARY KEY,
  channel TEXT NOT NULL,
  -- Whose the money is there: the merchant's number, the seller's id. A bill is an account's.
  account TEXT NOT NULL,
  -- Of Alipay, where payments are asked about by the app that they were placed by; empty otherwise.
  app TEXT NOT NULL,
  -- What makes us known: sealed. None: nothing can come of this merchant any more, and it is forgotten.
  parameters BYTEA,
  -- Counts changes, so that processes notice them.
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  -- Since when new payments are another's. None: they are this one's.
  replaced_at BIGINT
);
CREATE UNIQUE INDEX pay_merchants_who ON pay_merchants (channel, account, app);
CREATE UNIQUE INDEX pay_merchants_current ON pay_merchants (channel) WHERE replaced_at IS NULL;

-- Somebody means to pay so much, for something.
CREATE TABLE pay_orders (
  id UUID PRIMARY KEY,
  -- What is paid comes here first, whatever it is for.
  wallet UUID NOT NULL REFERENCES ledger_accounts (id),
  -- recharge, play
  purpose TEXT NOT NULL,
  -- JSON, read by who sells it.
  detail TEXT NOT NULL,
  subject TEXT NOT NULL,
  amount BIGINT NOT NULL,
  -- pending, paid, closed
  state TEXT NOT NULL,
  -- All that was asked to go back and has not failed, of what was taken.
  refunded BIGINT NOT NULL,
  -- Of money that was only frozen, taken at last: by an order of its own.
  captured BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  paid_at BIGINT,
  -- Of money that was frozen, could not be taken, and is nobody's any more: who said so, and why. It may be taken after all.
  written_off_at BIGINT,
  written_off_by UUID REFERENCES users (id),
  written_off_note TEXT,
  CHECK (amount > 0 AND refunded >= 0 AND refunded <= amount)
);
CREATE INDEX pay_orders_wallet ON pay_orders (wallet, id);
CREATE INDEX pay_orders_state ON pay_orders (state, id);

-- One try at a network. Its number there is its id, in hexadecimal.
CREATE TABLE pay_attempts (
  id UUID PRIMARY KEY,
  order_id UUID NOT NULL REFERENCES pay_orders (id),
  channel TEXT NOT NULL,
  -- With whom it was placed: who is asked about it, and gives back what it brought.
  merchant_id UUID NOT NULL REFERENCES pay_merchants (id),
  method TEXT NOT NULL,
  -- asked, waiting, taken, surplus, closed
  state TEXT NOT NULL,
  -- What the network needs to know beside the order: JSON.
  ask TEXT NOT NULL,
  -- What the payer's side does with it: JSON.
  handed TEXT,
  -- The network's own number.
  channel_no TEXT,
  -- Who has paid, as the network calls them, and whether that is their name everywhere or in our app alone: user_id, open_id.
  payer TEXT,
  payer_kind TEXT,
  created_at BIGINT NOT NULL,
  checked_at BIGINT NOT NULL,
  paid_at BIGINT,
  -- What does not fit, or why the network refused: one of our words (payments/model/problem.rs), what it is about, and the network's own words.
  problem TEXT,
  problem_amount BIGINT,
  problem_number TEXT,
  problem_said TEXT,
  -- Who has looked after it, and what it was.
  seen_at BIGINT,
  seen_by UUID REFERENCES users (id),
  seen_note TEXT
);
CREATE INDEX pay_attempts_order ON pay_attempts (order_id, id);
-- By which money may still come.
CREATE INDEX pay_attempts_live ON pay_attempts (id) WHERE state IN ('asked', 'waiting');
CREATE INDEX pay_attempts_paid ON pay_attempts (merchant_id, paid_at) WHERE paid_at IS NOT NULL;
CREATE INDEX pay_attempts_merchant ON pay_attempts (merchant_id, id);
-- By the number on a payer's receipt.
CREATE INDEX pay_attempts_channel_no ON pay_attempts (channel_no, id) WHERE channel_no IS NOT NULL;
-- At most one is taken.
CREATE UNIQUE INDEX pay_attempts_taken ON pay_attempts (order_id) WHERE state = 'taken';
CREATE INDEX pay_attempts_problem ON pay_attempts (id) WHERE problem IS NOT NULL AND seen_at IS NULL AND state <> 'closed';

-- What networks told by themselves: stored before they are answered.
CREATE TABLE pay_notices (
  id UUID PRIMARY KEY,
  channel TEXT NOT NULL,
  -- By whose parameters it was verified: it is word of this merchant's payments alone.
  merchant_id UUID NOT NULL REFERENCES pay_merchants (id),
  notice_id TEXT NOT NULL,
  -- JSON, as it was verified.
  what TEXT NOT NULL,
  -- Of the payment or the refund, ours.
  number TEXT,
  received_at BIGINT NOT NULL,
  handled_at BIGINT,
  outcome TEXT
);
CREATE UNIQUE INDEX pay_notices_notice ON pay_notices (merchant_id, channel, notice_id);
CREATE INDEX pay_notices_number ON pay_notices (number, id);

-- Money on its way back to where it came from. Its number at the network is its id, in hexadecimal.
CREATE TABLE pay_refunds (
  id UUID PRIMARY KEY,
  order_id UUID NOT NULL REFERENCES pay_orders (id),
  attempt_id UUID NOT NULL REFERENCES pay_attempts (id),
  amount BIGINT NOT NULL,
  -- surplus, unplayed, not_opened, asked
  reason TEXT NOT NULL,
  -- asked, done, stuck, by_hand, kept
  state TEXT NOT NULL,
  -- Held in the wallet until it has gone.
  transfer_id UUID NOT NULL REFERENCES ledger_transfers (id),
  tries BIGINT NOT NULL,
  -- Why it has not happened: one of our words, and the network's own.
  problem TEXT,
  problem_said TEXT,
  channel_no TEXT,
  created_at BIGINT NOT NULL,
  -- Since when it is asked for: its making, or the last time that a person had it tried again.
  asked_at BIGINT NOT NULL,
  -- When the network has first failed to give a clear answer, since it has last given one.
  silent_since BIGINT,
  settled_at BIGINT,
  -- The day of the network's bill that has it.
  billed_on TEXT,
  -- Who put it right, and what they did.
  settled_by UUID REFERENCES users (id),
  note TEXT
);
CREATE INDEX pay_refunds_order ON pay_refunds (order_id, id);
CREATE INDEX pay_refunds_state ON pay_refunds (state, id);
CREATE INDEX pay_refunds_attempt ON pay_refunds (attempt_id, id);
CREATE INDEX pay_refunds_settled ON pay_refunds (settled_at) WHERE settled_at IS NOT NULL;

-- What a network was asked about an order, and what it said. Only ever added to; refers to nothing, so that it waits for nobody who holds the order.
CREATE TABLE pay_log (
  id UUID PRIMARY KEY,
  order_id UUID NOT NULL,
  attempt_id UUID NOT NULL,
  -- The attempt, or the refund: what the network was asked about.
  subject UUID NOT NULL,
  at BIGINT NOT NULL,
  -- place, query, close, refund, refund_query
  call TEXT NOT NULL,
  -- done, paid, waiting, closed, unknown, pending, refused, unclear
  said TEXT NOT NULL,
  -- The network's own number.
  channel_no TEXT,
  -- What was paid, as the network says.
  amount BIGINT,
  -- Why not: one of our words, and the network's own.
  problem TEXT,
  problem_said TEXT
);
CREATE INDEX pay_log_order ON pay_log (order_id, id);
CREATE INDEX pay_log_subject ON pay_log (subject, call, id);

-- A day of one of our accounts at a network, compared with ours.
CREATE TABLE pay_days (
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  -- 2026-11-28, in Beijing.
  day TEXT NOT NULL,
  lines BIGINT NOT NULL,
  paid BIGINT NOT NULL,
  refunded BIGINT NOT NULL,
  differences BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (channel, account, day)
) /* WITHOUT ROWID */;

-- A day whose bill could not be had: somebody was told. Also one that was compared after all.
CREATE TABLE pay_days_missing (
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  day TEXT NOT NULL,
  -- Why: one of our words, and the network's own.
  problem TEXT NOT NULL,
  problem_said TEXT,
  since BIGINT NOT NULL,
  PRIMARY KEY (channel, account, day)
) /* WITHOUT ROWID */;

CREATE TABLE pay_differences (
  id UUID PRIMARY KEY,
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  day TEXT NOT NULL,
  -- not_here, not_there, amount
  kind TEXT NOT NULL,
  number TEXT NOT NULL,
  refund_number TEXT,
  ours BIGINT,
  theirs BIGINT,
  created_at BIGINT NOT NULL,
  settled_at BIGINT,
  settled_by UUID REFERENCES users (id),
  note TEXT
);
CREATE INDEX pay_differences_day ON pay_differences (channel, day, id);
CREATE INDEX pay_differences_open ON pay_differences (id) WHERE settled_at IS NULL;
CREATE INDEX pay_differences_settled ON pay_differences (id) WHERE settled_at IS NOT NULL;
