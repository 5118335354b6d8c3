-- nonces that are known no longer ------------------------------------------------------------------------------------------

-- Of which times: a request of such a time is refused, whatever the clock says, since nobody could tell whether it was sent before. One row.
-- Both are stretches of seconds in JSON, [[first, last], ...], of the server's clock when they came.
CREATE TABLE nonces_forgotten (
  id BIGINT PRIMARY KEY,
  times TEXT NOT NULL,
  -- Of these they are still there, and go with the next sweep: by then every process has read that they are refused.
  going TEXT NOT NULL
);
INSERT INTO nonces_forgotten (id, times, going) VALUES (1, '[]', '[]');
