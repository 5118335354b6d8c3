-- One row: what makes this installation itself. The canary shows that the master key is the right one.
CREATE TABLE installation (
  name TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);

-- identity -----------------------------------------------------------------------------------------------------------

CREATE TABLE users (
  id UUID PRIMARY KEY,
  name TEXT NOT NULL,
  -- Folded (NFKC, lower case): two spellings of one name are one name.
  name_key TEXT /* COLLATE "C" */ NOT NULL,
  -- Of the folded name: where its tries are counted.
  name_hash BYTEA NOT NULL,
  email TEXT NOT NULL,
  email_key TEXT /* COLLATE "C" */ NOT NULL,
  role TEXT NOT NULL,
  -- pending, active, disabled
  state TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  must_change_password BOOLEAN NOT NULL,
  -- When a first password was mailed anew; the one before it is as old as the user.
  first_password_at BIGINT,
  language TEXT NOT NULL,
  -- Who decides for it now; none where super admins do.
  superior_id UUID REFERENCES users (id),
  -- Who has made it, and for good; none where it has signed up.
  made_by UUID REFERENCES users (id),
  -- While it is disabled: what a super admin has disabled, nobody else enables.
  disabled_by UUID REFERENCES users (id),
  totp_secret BYTEA,
  totp_enabled_at BIGINT,
  -- The last accepted time step: a code is good once.
  totp_last_step BIGINT NOT NULL,
  last_sign_in_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_name ON users (name_key);
CREATE UNIQUE INDEX users_email ON users (email_key);
CREATE INDEX users_superior ON users (superior_id, role, state, id);
CREATE INDEX users_role ON users (role, state, id);
CREATE INDEX users_made_by ON users (made_by, id) WHERE made_by IS NOT NULL;
-- Before a user goes, the database looks for what refers to it.
CREATE INDEX users_disabled_by ON users (disabled_by) WHERE disabled_by IS NOT NULL;

CREATE TABLE sessions (
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES users (id),
  token_hash BYTEA NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_user ON sessions (user_id, id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Links sent by e-mail: good once, until they expire.
CREATE TABLE email_tokens (
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES users (id),
  -- verify, reset
  purpose TEXT NOT NULL,
  token_hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE UNIQUE INDEX email_tokens_hash ON email_tokens (token_hash);
CREATE INDEX email_tokens_user ON email_tokens (user_id, purpose, id);
CREATE INDEX email_tokens_expiry ON email_tokens (expires_at);

CREATE TABLE recovery_codes (
  user_id UUID NOT NULL REFERENCES users (id),
  code_hash BYTEA NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE captchas (
  id UUID PRIMARY KEY,
  -- image, work
  kind TEXT NOT NULL,
  -- What the answer must hash to (image), or the salt and how many bits (work).
  answer_hash BYTEA NOT NULL,
  bits BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX captchas_expiry ON captchas (expires_at);

CREATE TABLE sign_ins (
  id UUID PRIMARY KEY,
  at BIGINT NOT NULL,
  name TEXT NOT NULL,
  user_id UUID,
  -- ok, wrong, locked, captcha, second_factor, disabled, not_verified, first_password_old, limited
  result TEXT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL
);
CREATE INDEX sign_ins_user ON sign_ins (user_id, result, id);
CREATE INDEX sign_ins_result ON sign_ins (result, id);

-- Failed sign-ins in a row, of names that somebody has and of names that nobody has: a try writes the same for either, so that nothing
-- shows which names exist. A keyed hash, since people type passwords into the wrong field.
CREATE TABLE name_tries (
  name_hash BYTEA PRIMARY KEY,
  failures BIGINT NOT NULL,
  locked_until BIGINT,
  tried_at BIGINT NOT NULL
);
CREATE INDEX name_tries_age ON name_tries (tried_at);

-- What was asked for too often: one counter a subject and window.
CREATE TABLE allowances (
  subject TEXT NOT NULL,
  window_start BIGINT NOT NULL,
  used BIGINT NOT NULL,
  PRIMARY KEY (subject, window_start)
);
CREATE INDEX allowances_window ON allowances (window_start);

-- ledger -------------------------------------------------------------------------------------------------------------

CREATE TABLE ledger_accounts (
  id UUID PRIMARY KEY,
  -- system, user
  owner_kind TEXT NOT NULL,
  owner_id UUID NOT NULL,
  -- quota
  unit TEXT NOT NULL,
  -- The platform's own accounts keep no running balance, so that they are never a hot row.
  keeps_balance BOOLEAN NOT NULL,
  posted BIGINT NOT NULL,
  held BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  -- The rules see to it; were they wrong, the transaction would fail.
  CHECK (held >= 0 AND posted >= held)
);
CREATE UNIQUE INDEX ledger_accounts_owner ON ledger_accounts (owner_kind, owner_id, unit);

CREATE TABLE ledger_transfers (
  id UUID PRIMARY KEY,
  debit_account UUID NOT NULL REFERENCES ledger_accounts (id),
  credit_account UUID NOT NULL REFERENCES ledger_accounts (id),
  amount BIGINT NOT NULL,
  -- What was posted of a hold that was posted in part.
  posted_amount BIGINT NOT NULL,
  -- pending, posted, voided
  state TEXT NOT NULL,
  kind TEXT NOT NULL,
  memo TEXT NOT NULL,
  ref_kind TEXT,
  ref_id UUID,
  created_at BIGINT NOT NULL,
  settled_at BIGINT
);
CREATE INDEX ledger_transfers_debit ON ledger_transfers (debit_account, id);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (credit_account, id);
CREATE INDEX ledger_transfers_pending ON ledger_transfers (id) WHERE state = 'pending';
CREATE INDEX ledger_transfers_ref ON ledger_transfers (ref_kind, ref_id) WHERE ref_id IS NOT NULL;

-- One line of a statement; its place in the account is its key.
CREATE TABLE ledger_entries (
  account_id UUID NOT NULL REFERENCES ledger_accounts (id),
  seq BIGINT NOT NULL,
  transfer_id UUID NOT NULL REFERENCES ledger_transfers (id),
  kind TEXT NOT NULL,
  -- hold, post, release, move
  phase TEXT NOT NULL,
  delta BIGINT NOT NULL,
  held_delta BIGINT NOT NULL,
  balance_after BIGINT NOT NULL,
  held_after BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (account_id, seq)
) /* WITHOUT ROWID */;
CREATE INDEX ledger_entries_kind ON ledger_entries (account_id, kind, seq);
CREATE INDEX ledger_entries_transfer ON ledger_entries (transfer_id);

-- messages -----------------------------------------------------------------------------------------------------------

CREATE TABLE notifications (
  id UUID PRIMARY KEY,
  -- Without the database asking whether there is such a user, for each of very many: who was told something is never removed.
  user_id UUID NOT NULL,
  kind TEXT NOT NULL,
  params TEXT NOT NULL,
  link TEXT,
  created_at BIGINT NOT NULL,
  read_at BIGINT
) /* WITHOUT ROWID */;
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id, id) WHERE read_at IS NULL;

-- The demo's mail lands here instead of being sent.
CREATE TABLE mailbox (
  id UUID PRIMARY KEY,
  message_id TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE UNIQUE INDEX mailbox_message ON mailbox (message_id);

-- settings, audit, idempotency ---------------------------------------------------------------------------------------

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by UUID REFERENCES users (id)
);

CREATE TABLE operations (
  id UUID PRIMARY KEY,
  at BIGINT NOT NULL,
  actor_id UUID,
  actor_name TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  -- Whose agent admin may see it: the actor's superior at that time; an agent admin itself.
  superior_id UUID,
  -- info, warning, security
  level TEXT NOT NULL,
  module TEXT NOT NULL,
  action TEXT NOT NULL,
  object_kind TEXT,
  object_id UUID,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  request_id TEXT NOT NULL,
  detail TEXT NOT NULL,
  -- HMAC of all the above, under a key that is not in the database.
  mac BYTEA NOT NULL,
  -- The row's place in the chain, a moment after it was written: HMAC of the link before, this number and mac.
  seq BIGINT,
  link BYTEA
);
-- What waits for its place, and the chain in order.
CREATE INDEX operations_unsealed ON operations (id) WHERE seq IS NULL;
CREATE UNIQUE INDEX operations_chain ON operations (seq) WHERE seq IS NOT NULL;
CREATE INDEX operations_actor ON operations (actor_id, id);
CREATE INDEX operations_superior ON operations (superior_id, id);
CREATE INDEX operations_module ON operations (module, level, id);
CREATE INDEX operations_level ON operations (level, id);
CREATE INDEX operations_object ON operations (object_id, id);

-- One row: where the chain over `operations` begins (0, until rows are archived) and where it ends. Locked by whoever seals.
CREATE TABLE operation_chain (
  name TEXT PRIMARY KEY,
  base_seq BIGINT NOT NULL,
  base_link BYTEA NOT NULL,
  -- HMAC of the two: nobody else can say that what came before was archived.
  base_mac BYTEA NOT NULL,
  head_seq BIGINT NOT NULL,
  head_link BYTEA NOT NULL
);

CREATE TABLE idempotency (
  owner_id UUID NOT NULL,
  name TEXT NOT NULL,
  body_hash BYTEA NOT NULL,
  answer TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (owner_id, name)
) /* WITHOUT ROWID */;
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE withdrawals (
  id UUID PRIMARY KEY,
  agent_id UUID NOT NULL REFERENCES users (id),
  -- Who decides: the agent's superior when it was asked.
  reviewer_id UUID REFERENCES users (id),
  amount BIGINT NOT NULL,
  -- Payee's name, account and bank: encrypted.
  payee BYTEA NOT NULL,
  note TEXT NOT NULL,
  -- pending, approved, refused, paid, cancelled, returned
  state TEXT NOT NULL,
  transfer_id UUID NOT NULL REFERENCES ledger_transfers (id),
  -- What brought the amount back, where the money did not arrive.
  return_transfer_id UUID REFERENCES ledger_transfers (id),
  -- Why it was refused, or returned.
  reason TEXT,
  payment_reference TEXT,
  decided_by UUID REFERENCES users (id),
  created_at BIGINT NOT NULL,
  decided_at BIGINT,
  paid_at BIGINT,
  -- When it was cancelled or returned.
  ended_at BIGINT
);
CREATE INDEX withdrawals_agent ON withdrawals (agent_id, state, id);
CREATE INDEX withdrawals_reviewer ON withdrawals (reviewer_id, state, id);
CREATE INDEX withdrawals_state ON withdrawals (state, id);
