-- members: levels, and the points that lead to them -----------------------------------------------------------------------

CREATE TABLE member_levels (
  id UUID PRIMARY KEY,
  name_zh TEXT NOT NULL,
  name_en TEXT NOT NULL,
  -- From so many points on.
  threshold BIGINT NOT NULL,
  -- What is paid of a price, in ten-thousandths.
  pays BIGINT NOT NULL,
  -- Into the wallet of whoever reaches it, once: in fen.
  gift BIGINT NOT NULL
);
CREATE UNIQUE INDEX member_levels_threshold ON member_levels (threshold);

-- One row: counts the changes of all levels together.
CREATE TABLE member_plan (
  id BIGINT PRIMARY KEY,
  version BIGINT NOT NULL
);
INSERT INTO member_plan (id, version) VALUES (1, 1);

-- What a customer's lines add up to. Its row is locked by whoever adds one.
CREATE TABLE member_points (
  customer_id UUID PRIMARY KEY REFERENCES customers (id),
  points BIGINT NOT NULL
);

CREATE TABLE member_lines (
  id UUID PRIMARY KEY,
  customer_id UUID NOT NULL REFERENCES customers (id),
  session_id UUID NOT NULL REFERENCES play_sessions (id),
  -- Negative where a bill was given back.
  points BIGINT NOT NULL,
  points_after BIGINT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX member_lines_customer ON member_lines (customer_id, id);
CREATE INDEX member_lines_session ON member_lines (session_id, customer_id);

-- Who has reached which level: once, whatever becomes of the points. As it was then.
CREATE TABLE member_upgrades (
  customer_id UUID NOT NULL REFERENCES customers (id),
  level_id UUID NOT NULL,
  name_zh TEXT NOT NULL,
  name_en TEXT NOT NULL,
  threshold BIGINT NOT NULL,
  points BIGINT NOT NULL,
  gift BIGINT NOT NULL,
  session_id UUID NOT NULL REFERENCES play_sessions (id),
  at BIGINT NOT NULL,
  PRIMARY KEY (customer_id, level_id)
) /* WITHOUT ROWID */;
