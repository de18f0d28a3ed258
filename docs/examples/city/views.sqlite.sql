-- What a regency asks first. Hours are local time of this machine; simulations are left out.
CREATE VIEW IF NOT EXISTS incidents_by_hour AS
SELECT strftime('%Y-%m-%dT%H:00', coalesce(opened_at, closed_at), 'localtime') AS hour, source, rule, severity,
  class, count(*) AS incidents
FROM incidents WHERE simulation = 0 GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW IF NOT EXISTS traffic_by_hour AS
SELECT strftime('%Y-%m-%dT%H:00', events.time, 'localtime') AS hour, events.source,
  json_extract(zone.value, '$.zone') AS zone, entered.key AS class, CAST(sum(entered.value) AS BIGINT) AS entered
FROM events, json_each(events.data, '$.zones') AS zone, json_each(zone.value, '$.entered') AS entered
WHERE events.kind = 'traffic.summarized' AND events.simulation = 0 GROUP BY 1, 2, 3, 4;

CREATE VIEW IF NOT EXISTS false_alarms AS
SELECT incidents.source, incidents.rule, count(*) AS judged,
  CAST(sum(CASE verdict WHEN 'false' THEN 1 ELSE 0 END) AS BIGINT) AS false_ones,
  CAST(sum(CASE verdict WHEN 'false' THEN 1.0 ELSE 0.0 END) / count(*) AS DOUBLE PRECISION) AS false_share
FROM verdicts JOIN incidents ON incidents.source = verdicts.source AND incidents.incident_id = verdicts.incident_id
WHERE incidents.simulation = 0 GROUP BY 1, 2;

CREATE VIEW IF NOT EXISTS light_by_night AS
SELECT json_extract(data, '$.night') AS night, source, json_extract(data, '$.burn_h') AS hours,
  json_extract(data, '$.energy_wh_estimated') AS energy_wh, json_extract(data, '$.energy_wh_flat') AS flat_wh
FROM events WHERE kind = 'lamp.summarized' AND simulation = 0;
