-- tries to sign in that are counted and not written one by one ------------------------------------------------------------

-- How many tries a line stands for: its own, and those from the same address that have no line.
ALTER TABLE sign_ins ADD COLUMN tries BIGINT NOT NULL DEFAULT 1;
