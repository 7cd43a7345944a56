-- A comment; with a semicolon, and the "quotes" that a raw string must carry.
CREATE TABLE team(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK(name <> ';')) STRICT;
