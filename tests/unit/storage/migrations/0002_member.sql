CREATE TABLE member(team INTEGER NOT NULL REFERENCES team(id), name TEXT NOT NULL) STRICT;
CREATE INDEX member_team ON member(team);
