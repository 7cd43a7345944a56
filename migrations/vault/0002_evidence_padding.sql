-- Fills a run's row up, so that its size says nothing about how the run ended.
ALTER TABLE run ADD COLUMN padding BLOB;
