-- Acts of the organizer of any kind wait as their ACT entries, without round and charge.
CREATE TABLE proposal_with_acts (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('dataset', 'policy', 'act')),
  contest TEXT NOT NULL,
  entry BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'appended', 'refused')),
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO proposal_with_acts (id, kind, contest, entry, state, reason)
  SELECT id, kind, contest, entry, state, reason FROM proposal WHERE kind IN ('dataset', 'policy');
DROP TABLE proposal;
ALTER TABLE proposal_with_acts RENAME TO proposal;
