-- relays that answer, and do not do what they say -----------------------------------------------------------------------

-- With which exception code a relay board refuses to say how its coil stands. None: it does not.
ALTER TABLE devices ADD COLUMN refused BIGINT;
-- Since when its lamp draws power though its relay says that it is off, as it should be. None: it does not.
ALTER TABLE devices ADD COLUMN burns_since BIGINT;
-- Who is asked once more after it went off.
CREATE INDEX devices_watched_off ON devices (id) WHERE least_watts IS NOT NULL AND reported = FALSE;
