-- tables that the staff opened for who stood at the desk -----------------------------------------------------------------

-- Sessions that were opened there: at which hall, and by whom.
CREATE TABLE desk_plays (
  -- The session's.
  id UUID PRIMARY KEY REFERENCES play_sessions (id),
  venue_id UUID NOT NULL REFERENCES venues (id),
  user_id UUID NOT NULL REFERENCES users (id)
);
CREATE INDEX desk_plays_venue ON desk_plays (venue_id, id);
-- Of one person at a hall's desk: who left again within their free minutes.
CREATE INDEX desk_plays_user ON desk_plays (user_id, venue_id, id);
