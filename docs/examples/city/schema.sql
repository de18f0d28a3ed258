-- One schema for SQLite and PostgreSQL; only the events have one for each. Times are RFC 3339 in UTC with milliseconds, as text: they sort as text.
-- Which numbers came or are explained: ranges that do not touch each other.
CREATE TABLE IF NOT EXISTS ranges (
  source TEXT NOT NULL, store TEXT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,
  PRIMARY KEY (source, store, first)
);
-- What writers heard and the keeper has not yet taken over into ranges and stores: a row for each of their transactions.
CREATE TABLE IF NOT EXISTS heard (id TEXT PRIMARY KEY, document TEXT NOT NULL);
-- told: the highest number that its pole has spoken of; ended: why nothing more comes; after: what came all the same.
CREATE TABLE IF NOT EXISTS stores (
  source TEXT NOT NULL, store TEXT NOT NULL, told BIGINT NOT NULL, ended TEXT, after BIGINT NOT NULL,
  PRIMARY KEY (source, store)
);
-- What could not be taken in, and why.
CREATE TABLE IF NOT EXISTS aside (
  id TEXT PRIMARY KEY, came TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS incidents (
  source TEXT NOT NULL, incident_id TEXT NOT NULL, rule TEXT NOT NULL, kind TEXT NOT NULL, camera TEXT NOT NULL,
  place TEXT NOT NULL, class TEXT NOT NULL, severity TEXT NOT NULL, notify TEXT NOT NULL,
  opened_at TEXT, closed_at TEXT, duration_s DOUBLE PRECISION, end_reason TEXT, quality TEXT NOT NULL,
  simulation INTEGER NOT NULL, came TEXT NOT NULL, PRIMARY KEY (source, incident_id)
);
CREATE INDEX IF NOT EXISTS incidents_by_time ON incidents (opened_at);
CREATE INDEX IF NOT EXISTS incidents_by_coming ON incidents (came);
CREATE TABLE IF NOT EXISTS requests (
  source TEXT NOT NULL, request_id TEXT NOT NULL, state TEXT NOT NULL, number BIGINT NOT NULL,
  simulation INTEGER NOT NULL, came TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (source, request_id)
);
-- The last words of each pole by topic: status, info, active, health, lamp/state. retained: it was there before us.
CREATE TABLE IF NOT EXISTS states (
  source TEXT NOT NULL, path TEXT NOT NULL, came TEXT NOT NULL, retained INTEGER NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (source, path)
);
-- writer: when it last wrote.
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
-- The desk: rows of the queue as JSON; what officers said of incidents, and whether the pole has answered; who did what.
CREATE TABLE IF NOT EXISTS cases (id TEXT PRIMARY KEY, opened_at TEXT NOT NULL, done INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verdicts (
  source TEXT NOT NULL, incident_id TEXT NOT NULL, verdict TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL,
  answered INTEGER NOT NULL, PRIMARY KEY (source, incident_id)
);
CREATE TABLE IF NOT EXISTS audit (id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL);
