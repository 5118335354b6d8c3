-- lights that are replaced, and tables that come back once their light was seen ------------------------------------------

-- Counts its edits: whoever changes it says which of them was looked at.
ALTER TABLE devices ADD COLUMN edition BIGINT NOT NULL DEFAULT 1;
-- When it last said that it is on.
ALTER TABLE devices ADD COLUMN lit_at BIGINT;
-- When its own timer turns it off, as that was set last: whoever comes later knows that it is dark. None: it has none, or should be off.
ALTER TABLE devices ADD COLUMN burns_until BIGINT;
-- When it was last missed. None: it has never left.
ALTER TABLE devices ADD COLUMN left_at BIGINT;
-- Since when another device is in the place of the first.
ALTER TABLE devices ADD COLUMN replaced_at BIGINT;

-- Few are open, and may be older than many that are over.
CREATE INDEX maintenance_cases_open_venue ON maintenance_cases (venue_id, id) WHERE closed_at IS NULL;
CREATE INDEX maintenance_cases_open_id ON maintenance_cases (id) WHERE closed_at IS NULL;
