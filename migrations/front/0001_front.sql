-- What the front keeps: a copy of the ledger, who holds which token, which programs lie where, and the requests that came.

-- The mirror: entries exactly as hashed.
CREATE TABLE entry (
  position INTEGER PRIMARY KEY CHECK (position >= 0),
  bytes BLOB NOT NULL
) STRICT;

-- The signed log head that covers them all.
CREATE TABLE checkpoint (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  note TEXT NOT NULL
) STRICT;

-- Tokens as SHA-256 alone; who reads this file can read as nobody.
CREATE TABLE token (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  contest TEXT NOT NULL,
  team_key BLOB NOT NULL CHECK (length(team_key) = 32)
) STRICT;
CREATE INDEX token_by_team ON token (contest, team_key);

-- Programs by team: another team's hash finds nothing. Paths are relative to the front's folder.
CREATE TABLE program (
  contest TEXT NOT NULL,
  team_key BLOB NOT NULL CHECK (length(team_key) = 32),
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
  path TEXT NOT NULL,
  PRIMARY KEY (contest, team_key, sha256)
) STRICT, WITHOUT ROWID;

-- Requests in the order they came. `received` ones go to the vault in every exchange until the ledger shows them.
CREATE TABLE request (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('join', 'submit')),
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
CREATE INDEX request_received ON request (id) WHERE state = 'received';
CREATE INDEX request_by_program ON request (contest, team_key, program) WHERE kind = 'submit';
