-- Requests may be choices, too: which submission the final board judges a team by.
CREATE TABLE request_with_choices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('join', 'submit', 'choose')),
  contest TEXT NOT NULL,
  team_key BLOB NOT NULL CHECK (length(team_key) = 32),
  text TEXT NOT NULL UNIQUE,
  request_id BLOB CHECK (length(request_id) = 16),
  policy BLOB CHECK (length(policy) = 32),
  program BLOB CHECK (length(program) = 32),
  message TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('received', 'admitted', 'refused')),
  refusal TEXT NOT NULL,
  CHECK ((kind = 'submit') = (request_id IS NOT NULL)),
  CHECK ((kind = 'submit') = (policy IS NOT NULL)),
  CHECK ((kind = 'submit') = (program IS NOT NULL)),
  UNIQUE (contest, team_key, request_id)
) STRICT;
INSERT INTO request_with_choices SELECT * FROM request;
-- Ids are cursors of lists and never used again: the new table counts on from where the old one was.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'request')
  WHERE name = 'request_with_choices';
DROP TABLE request;
ALTER TABLE request_with_choices RENAME TO request;
CREATE INDEX request_received ON request (id) WHERE state = 'received';
CREATE INDEX request_by_program ON request (contest, team_key, program) WHERE kind = 'submit';
