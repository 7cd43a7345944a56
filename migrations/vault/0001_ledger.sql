-- The ledger: every visible fact is an entry, and entries are never changed.
CREATE TABLE entry (
  idx INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;
CREATE TRIGGER entry_never_changes BEFORE UPDATE ON entry
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entry_never_goes BEFORE DELETE ON entry
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- The signed head after each commit that appended.
CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,
  note TEXT NOT NULL
) STRICT;

-- Sealed facts of a run: evidence. `answer` is the scorer's eight bytes; once there it is final and the run never runs again.
CREATE TABLE run (
  admit INTEGER PRIMARY KEY,
  contest TEXT NOT NULL,
  team_key BLOB NOT NULL,
  policy BLOB NOT NULL,
  program BLOB NOT NULL,
  starts INTEGER NOT NULL DEFAULT 0,
  answer BLOB,
  outcome TEXT,
  exit_code INTEGER,
  signal INTEGER,
  wall_micros INTEGER,
  cpu_micros INTEGER,
  peak_memory_bytes INTEGER,
  output_bytes INTEGER,
  output_sha256 BLOB,
  UNIQUE (contest, team_key, policy, program)
) STRICT;

-- What the operator's commands ask the serving vault to append at the next exchange.
CREATE TABLE proposal (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('dataset', 'policy', 'close-early')),
  contest TEXT NOT NULL,
  entry BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'appended', 'refused')),
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
