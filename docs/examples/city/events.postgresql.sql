-- Events by the day on which they came: an old day is dropped, not deleted row by row. A unique constraint of a partitioned table must
-- contain that day, so it cannot say that a number comes once: the narrow table `keys` says it, in the same transaction.
CREATE TABLE IF NOT EXISTS events (
  source TEXT NOT NULL, store TEXT NOT NULL, sequence BIGINT NOT NULL, id TEXT NOT NULL,
  kind TEXT NOT NULL, time TEXT NOT NULL, quality TEXT NOT NULL, severity TEXT NOT NULL,
  replayed INTEGER NOT NULL, simulation INTEGER NOT NULL, came TEXT COLLATE "C" NOT NULL, data TEXT NOT NULL
) PARTITION BY RANGE (came);
CREATE INDEX IF NOT EXISTS events_by_number ON events (source, store, sequence);
CREATE INDEX IF NOT EXISTS events_by_time ON events (time);
CREATE INDEX IF NOT EXISTS events_by_kind ON events (kind, time);
-- day: when it came. Kept longer than a pole or a broker can send an event again.
CREATE TABLE IF NOT EXISTS keys (
  source TEXT NOT NULL, store TEXT NOT NULL, sequence BIGINT NOT NULL, id TEXT NOT NULL, day TEXT NOT NULL,
  PRIMARY KEY (source, store, sequence), UNIQUE (source, id)
);
CREATE INDEX IF NOT EXISTS keys_by_day ON keys USING brin (day);
