-- Every event once: unique are its number in its store, and its id.
CREATE TABLE IF NOT EXISTS events (
  source TEXT NOT NULL, store TEXT NOT NULL, sequence BIGINT NOT NULL, id TEXT NOT NULL,
  kind TEXT NOT NULL, time TEXT NOT NULL, quality TEXT NOT NULL, severity TEXT NOT NULL,
  replayed INTEGER NOT NULL, simulation INTEGER NOT NULL, came TEXT NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (source, store, sequence), UNIQUE (source, id)
);
CREATE INDEX IF NOT EXISTS events_by_time ON events (time);
CREATE INDEX IF NOT EXISTS events_by_kind ON events (kind, time);
