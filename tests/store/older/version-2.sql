-- pole.db as the agent of commit 1694fc7 wrote it
PRAGMA page_size = 4096;
PRAGMA auto_vacuum = 2;
BEGIN TRANSACTION;
CREATE TABLE commands (id TEXT PRIMARY KEY, seen REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE incidents (id TEXT PRIMARY KEY, severity INTEGER NOT NULL, data TEXT NOT NULL, silent INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "incidents" VALUES('i-1',1,'{"incident_id":"i-1","rule":"yard","n":6}',0);
INSERT INTO "incidents" VALUES('i-2',0,'{"incident_id":"i-2","rule":"gate"}',1);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('storeid','e0bb742d490a4563');
INSERT INTO "meta" VALUES('word','kept');
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  severity INTEGER NOT NULL,
  data TEXT NOT NULL,
  monotonic REAL NOT NULL,
  boot_id TEXT NOT NULL,
  wall REAL NOT NULL,
  quality TEXT NOT NULL,
  replayed INTEGER NOT NULL DEFAULT 0,
  delivered REAL
);
INSERT INTO "outbox" VALUES(1,'old-1','incident.opened',0,'{"n":0}',0.0,'boot-old',1790000000.0,'synced',0,1790000050.0);
INSERT INTO "outbox" VALUES(2,'old-2','incident.opened',1,'{"n":1}',1.0,'boot-old',1790000001.0,'synced',0,NULL);
INSERT INTO "outbox" VALUES(3,'old-3','incident.opened',2,'{"n":2}',2.0,'boot-old',1790000002.0,'synced',0,NULL);
INSERT INTO "outbox" VALUES(4,'old-4','incident.opened',0,'{"n":3}',3.0,'boot-old',1790000003.0,'synced',0,NULL);
INSERT INTO "outbox" VALUES(5,'old-5','incident.opened',1,'{"n":4}',4.0,'boot-old',1790000004.0,'synced',0,NULL);
INSERT INTO "outbox" VALUES(6,'old-6','incident.opened',2,'{"n":5}',5.0,'boot-old',1790000005.0,'synced',0,NULL);
INSERT INTO "outbox" VALUES(7,'old-7','incident.opened',1,'{"incident_id":"i-1","rule":"yard","n":6}',6.0,'boot-old',1790000006.0,'synced',0,NULL);
CREATE TABLE requests (id TEXT PRIMARY KEY, open INTEGER NOT NULL, updated REAL NOT NULL, data TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "requests" VALUES('r-1',1,1790000000.0,'{"request_id":"r-1"}');
CREATE INDEX outbox_waiting ON outbox (severity DESC, seq) WHERE delivered IS NULL;
CREATE INDEX outbox_delivered ON outbox (seq) WHERE delivered IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',7);
COMMIT;
PRAGMA user_version = 2;
