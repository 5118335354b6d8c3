-- customers ----------------------------------------------------------------------------------------------------------

CREATE TABLE customers (
  id UUID PRIMARY KEY,
  -- What a customer tells at the desk.
  number TEXT NOT NULL,
  -- Sealed, and hashed to be found.
  phone BYTEA,
  phone_hash BYTEA,
  -- The end of the number, for lists.
  phone_hint TEXT,
  -- Has a name at WeChat (customer_wechats): no guest, then.
  wechat BOOLEAN NOT NULL DEFAULT FALSE,
  language TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- When somebody signed in as this customer for the first time, a guest too; none: nobody ever has, and a desk has written them down.
  signed_in_at BIGINT,
  -- A guest who turned out to be somebody known, and carries everything over to it; or whom a desk had written down by that one's new number.
  became UUID
);
CREATE UNIQUE INDEX customers_number ON customers (number);
CREATE UNIQUE INDEX customers_phone ON customers (phone_hash) WHERE phone_hash IS NOT NULL;

CREATE TABLE customer_sessions (
  id UUID PRIMARY KEY,
  customer_id UUID NOT NULL REFERENCES customers (id),
  token_hash BYTEA NOT NULL,
  -- Who holds the phone, for WeChat Pay inside WeChat; none: signed in elsewhere.
  app_id TEXT,
  openid TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX customer_sessions_token ON customer_sessions (token_hash);
CREATE INDEX customer_sessions_customer ON customer_sessions (customer_id, id);
CREATE INDEX customer_sessions_expiry ON customer_sessions (expires_at);

-- A code that was sent to a phone, until it is used. It is good together with the ticket that was told to whoever asked for it, so that
-- nobody else can use it up.
CREATE TABLE phone_codes (
  ticket_hash BYTEA PRIMARY KEY,
  phone_hash BYTEA NOT NULL,
  code_hash BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  tries BIGINT NOT NULL
);
CREATE INDEX phone_codes_phone ON phone_codes (phone_hash, ticket_hash);
CREATE INDEX phone_codes_expiry ON phone_codes (expires_at);

-- Where a customer has signed in lately, the last few: some codes are kept for there.
CREATE TABLE customer_networks (
  customer_id UUID NOT NULL REFERENCES customers (id),
  network_hash BYTEA NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (customer_id, network_hash)
) /* WITHOUT ROWID */;

-- What customers are told; the text is made when it is read.
CREATE TABLE customer_messages (
  id UUID PRIMARY KEY,
  customer_id UUID NOT NULL REFERENCES customers (id),
  kind TEXT NOT NULL,
  params TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  read_at BIGINT
);
CREATE INDEX customer_messages_customer ON customer_messages (customer_id, id);
CREATE INDEX customer_messages_unread ON customer_messages (customer_id, id) WHERE read_at IS NULL;

-- halls --------------------------------------------------------------------------------------------------------------

CREATE TABLE venues (
  id UUID PRIMARY KEY,
  name TEXT NOT NULL,
  address TEXT NOT NULL,
  phone TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  -- Minutes from midnight by the hall's clock; none: round the clock.
  opens BIGINT,
  closes BIGINT,
  -- A JSON list of dates.
  holidays TEXT NOT NULL,
  -- open, closed
  state TEXT NOT NULL,
  -- Counts its changes: whoever changes it says which one was looked at.
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

-- Who works where. A super admin needs no row.
CREATE TABLE venue_staff (
  user_id UUID NOT NULL REFERENCES users (id),
  venue_id UUID NOT NULL REFERENCES venues (id),
  PRIMARY KEY (user_id, venue_id)
) /* WITHOUT ROWID */;
CREATE INDEX venue_staff_venue ON venue_staff (venue_id, user_id);

-- Price lists 价目: each table of a hall uses one of them.
CREATE TABLE tariffs (
  id UUID PRIMARY KEY,
  venue_id UUID NOT NULL REFERENCES venues (id),
  name TEXT NOT NULL,
  -- The hall's own: of tables for which no other is chosen.
  own BOOLEAN NOT NULL,
  -- JSON, as the rules read it.
  terms TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX tariffs_venue ON tariffs (venue_id, id);
CREATE UNIQUE INDEX tariffs_own ON tariffs (venue_id) WHERE own;

CREATE TABLE venue_tables (
  id UUID PRIMARY KEY,
  venue_id UUID NOT NULL REFERENCES venues (id),
  tariff_id UUID NOT NULL REFERENCES tariffs (id),
  name TEXT NOT NULL,
  -- In the QR code on the table: unguessable, and made anew when somebody asks.
  code TEXT NOT NULL,
  -- idle, reserved, opening, playing, paused, closing, cleaning, maintenance
  state TEXT NOT NULL,
  since BIGINT NOT NULL,
  -- On the floor plan, in centimetres.
  x BIGINT NOT NULL,
  y BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  -- No longer there: kept for what was played on it.
  retired_at BIGINT
);
CREATE UNIQUE INDEX venue_tables_code ON venue_tables (code);
CREATE INDEX venue_tables_venue ON venue_tables (venue_id, id);

-- devices ------------------------------------------------------------------------------------------------------------

-- A table's light. What it should be (wanted) is kept apart from what it says it is (reported).
CREATE TABLE devices (
  id UUID PRIMARY KEY,
  venue_id UUID NOT NULL REFERENCES venues (id),
  table_id UUID NOT NULL REFERENCES venue_tables (id),
  -- tasmota, shelly, modbus
  driver TEXT NOT NULL,
  name TEXT NOT NULL,
  -- Its device's name on the broker, which is in all its topics, its password there, hashed, and which of its channels it is: the lights of one
  -- device have one name and one password. Or, of modbus, where its coil is.
  topic TEXT,
  password_hash BYTEA,
  channel BIGINT,
  -- The device has said that it has no such channel.
  lacks_channel BOOLEAN NOT NULL DEFAULT FALSE,
  -- Its button is told to do nothing whenever it has come, and whether that was done.
  locks_button BOOLEAN NOT NULL DEFAULT FALSE,
  button_told BOOLEAN NOT NULL DEFAULT FALSE,
  coil_host TEXT,
  coil_port BIGINT,
  -- tcp, rtu
  coil_framing TEXT,
  coil_unit BIGINT,
  coil_number BIGINT,
  -- none, flash: whether the board turns it off by itself.
  coil_timer TEXT,
  wanted BOOLEAN NOT NULL,
  -- When it is to go off by itself, whatever becomes of the server.
  off_at BIGINT,
  -- Counts every time that the device is to be told.
  version BIGINT NOT NULL,
  wanted_at BIGINT NOT NULL,
  -- Since when it could answer: its way has taken what it is told. None: not yet.
  told_at BIGINT,
  -- The same of the first thing that it was told and has not answered yet.
  silent_since BIGINT,
  -- None: not known.
  reported BOOLEAN,
  reported_at BIGINT,
  -- Since when it was not as it should be, if only from time to time, and since when it says that it is.
  wrong_since BIGINT,
  right_since BIGINT,
  online BOOLEAN NOT NULL,
  -- Since when it is online, or is not.
  online_since BIGINT NOT NULL,
  -- By hand: on or off, until when, who and why.
  override_on BOOLEAN,
  override_until BIGINT,
  override_why TEXT,
  -- What its lamp draws at least when it is on, in watts. None: it is not watched.
  least_watts BIGINT,
  -- What it was last said to draw, in milliwatts, while it is watched.
  drawn BIGINT,
  drawn_at BIGINT,
  -- Since when it says that it is on. None: it does not.
  on_since BIGINT,
  -- When it last drew enough, and the first report of too little since.
  enough_at BIGINT,
  low_since BIGINT,
  -- Since when it is dark though it says that it is on.
  dark_since BIGINT,
  created_at BIGINT NOT NULL
);
-- One channel of a device is one table's light.
CREATE UNIQUE INDEX devices_topic ON devices (topic, channel) WHERE topic IS NOT NULL;
-- One coil is one table's light. Boards are asked in its order.
CREATE UNIQUE INDEX devices_coil ON devices (coil_host, coil_port, coil_unit, coil_number) WHERE coil_host IS NOT NULL;
CREATE UNIQUE INDEX devices_table ON devices (table_id);
CREATE INDEX devices_venue ON devices (venue_id, id);
-- Who is asked what it draws.
CREATE INDEX devices_watched ON devices (id) WHERE least_watts IS NOT NULL AND on_since IS NOT NULL;

-- Who, what, when, why.
CREATE TABLE device_log (
  id UUID PRIMARY KEY,
  device_id UUID NOT NULL REFERENCES devices (id),
  -- The program, a customer, or a member of staff by name.
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  why TEXT NOT NULL
);
CREATE INDEX device_log_device ON device_log (device_id, id);

-- Something is broken, until somebody has seen to it.
CREATE TABLE maintenance_cases (
  id UUID PRIMARY KEY,
  venue_id UUID NOT NULL REFERENCES venues (id),
  table_id UUID NOT NULL REFERENCES venue_tables (id),
  -- not_lit, not_dark, in_play, no_power, offline, staff
  cause TEXT NOT NULL,
  note TEXT NOT NULL,
  session_id UUID,
  opened_at BIGINT NOT NULL,
  closed_at BIGINT,
  closed_by UUID REFERENCES users (id),
  closing_note TEXT
);
CREATE UNIQUE INDEX maintenance_cases_open ON maintenance_cases (table_id) WHERE closed_at IS NULL;
CREATE INDEX maintenance_cases_venue ON maintenance_cases (venue_id, id);

-- play ---------------------------------------------------------------------------------------------------------------

CREATE TABLE play_sessions (
  id UUID PRIMARY KEY,
  venue_id UUID NOT NULL REFERENCES venues (id),
  table_id UUID NOT NULL REFERENCES venue_tables (id),
  customer_id UUID NOT NULL REFERENCES customers (id),
  -- opening, playing, closed, failed
  state TEXT NOT NULL,
  -- Tariff and calendar as they were when it was opened: JSON.
  terms TEXT NOT NULL,
  minutes BIGINT NOT NULL,
  -- What it was paid by, where that was done for it alone: what is left goes back there.
  order_id UUID,
  -- All that is held for it, in fen.
  held BIGINT NOT NULL,
  -- Once time was added: what was held before, and when the time for it ends, without pauses.
  quoted BIGINT,
  quoted_until BIGINT,
  asked_at BIGINT NOT NULL,
  -- When the light was seen to be on: from then on it is billed.
  lit_at BIGINT,
  -- Until when the held money pays.
  until_at BIGINT NOT NULL,
  -- The end of which the customer was warned.
  warned_of BIGINT,
  ended_at BIGINT,
  -- customer, time_up, staff, hall, device_fault, not_lit
  end_reason TEXT,
  bill TEXT,
  total BIGINT
);
-- One live session a table, and one a customer.
CREATE UNIQUE INDEX play_sessions_table ON play_sessions (table_id) WHERE state IN ('opening', 'playing');
CREATE UNIQUE INDEX play_sessions_customer ON play_sessions (customer_id) WHERE state IN ('opening', 'playing');
CREATE UNIQUE INDEX play_sessions_order ON play_sessions (order_id) WHERE order_id IS NOT NULL;
-- Who has had free minutes, and when.
CREATE INDEX play_sessions_free ON play_sessions (customer_id, venue_id, ended_at) WHERE state = 'closed' AND total = 0;
CREATE INDEX play_sessions_of ON play_sessions (customer_id, id);
CREATE INDEX play_sessions_venue ON play_sessions (venue_id, id);

-- What is held for a session, in the order in which it is spent.
CREATE TABLE play_holds (
  session_id UUID NOT NULL REFERENCES play_sessions (id),
  place BIGINT NOT NULL,
  transfer_id UUID NOT NULL REFERENCES ledger_transfers (id),
  amount BIGINT NOT NULL,
  PRIMARY KEY (session_id, place)
) /* WITHOUT ROWID */;

-- cash at the desk ---------------------------------------------------------------------------------------------------

-- At which hall cash changed hands, and who of the staff it was. How much, and which way, is in the ledger.
CREATE TABLE desk_cash (
  transfer_id UUID PRIMARY KEY REFERENCES ledger_transfers (id),
  venue_id UUID NOT NULL REFERENCES venues (id),
  user_id UUID NOT NULL REFERENCES users (id),
  -- By the hall's clock, as it was then: 2026-11-21.
  day TEXT NOT NULL,
  -- Whether nothing but a number was known then of whose cash it is.
  walk_in BOOLEAN NOT NULL
) /* WITHOUT ROWID */;
-- Of a hall's days, what each has done.
CREATE INDEX desk_cash_venue ON desk_cash (venue_id, day, user_id);
CREATE INDEX desk_cash_user ON desk_cash (user_id);
