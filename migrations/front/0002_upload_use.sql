-- What each team uploaded of its daily bytes: so many were used at that moment, and drain at the rate that the settings allow.
-- A row older than a day says nothing any more.
CREATE TABLE upload_use (
  contest TEXT NOT NULL,
  team_key BLOB NOT NULL CHECK (length(team_key) = 32),
  used_bytes INTEGER NOT NULL CHECK (used_bytes >= 0),
  at_ms INTEGER NOT NULL, -- Unix milliseconds
  PRIMARY KEY (contest, team_key)
) STRICT, WITHOUT ROWID;
