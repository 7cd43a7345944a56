-- How runs ended and who looked, append-only and chained (server/vault/evidence_chain.h). The columns of `run` from `answer` on hold
-- what an earlier build knew of its runs; no row of `run` changes any more after its admission.
CREATE TABLE evidence (
  number INTEGER PRIMARY KEY,
  record BLOB NOT NULL,
  chain BLOB NOT NULL
) STRICT;
CREATE TRIGGER evidence_never_changes BEFORE UPDATE ON evidence
  BEGIN SELECT RAISE(ABORT, 'the evidence is append-only'); END;
CREATE TRIGGER evidence_never_goes BEFORE DELETE ON evidence
  BEGIN SELECT RAISE(ABORT, 'the evidence is append-only'); END;

-- The file that has a run's predictions, and the byte at which they begin.
ALTER TABLE run ADD COLUMN container INTEGER;
ALTER TABLE run ADD COLUMN place INTEGER;
UPDATE run SET container = admit, place = 0;
