-- What witnesses said of heads (server/vault/ledger.h). Of one head each witness's first line counts; the order of rows is that of arrival.
CREATE TABLE cosignature (
  number INTEGER PRIMARY KEY,
  size INTEGER NOT NULL,
  witness TEXT NOT NULL,
  line TEXT NOT NULL,
  UNIQUE (size, witness)
) STRICT;

-- The head as it may leave, with as many cosignatures as its POLICY asks for; none while they are missing.
ALTER TABLE checkpoint ADD COLUMN released TEXT;
UPDATE checkpoint SET released = note;
