-- relays that answer, and do not do what they say -----------------------------------------------------------------------

-- With which exception code a relay board refuses to say how its coil stands. None: it does not.
ALTER TABLE devices ADD COLUMN refused BIGINT;
