-- what a hall offers is changed by version -------------------------------------------------------------------------------

-- Counts its changes: of two who change it at once the second is refused, and looks again.
ALTER TABLE venue_offers ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
