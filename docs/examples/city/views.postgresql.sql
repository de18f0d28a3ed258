-- What a regency asks first. Hours are local time of the session (SET TIME ZONE 'Asia/Jakarta'); simulations are left out.
CREATE OR REPLACE VIEW incidents_by_hour AS
SELECT to_char(coalesce(opened_at, closed_at)::timestamptz, 'YYYY-MM-DD"T"HH24:00') AS hour, source, rule, severity,
  class, count(*) AS incidents
FROM incidents WHERE simulation = 0 GROUP BY 1, 2, 3, 4, 5;

CREATE OR REPLACE VIEW traffic_by_hour AS
SELECT to_char(events.time::timestamptz, 'YYYY-MM-DD"T"HH24:00') AS hour, events.source,
  zone->>'zone' AS zone, entered.key AS class, sum(entered.value::bigint)::bigint AS entered
FROM events, jsonb_array_elements(events.data::jsonb->'zones') AS zone, jsonb_each_text(zone->'entered') AS entered
WHERE events.kind = 'traffic.summarized' AND events.simulation = 0 GROUP BY 1, 2, 3, 4;

CREATE OR REPLACE VIEW false_alarms AS
SELECT incidents.source, incidents.rule, count(*) AS judged,
  sum(CASE verdict WHEN 'false' THEN 1 ELSE 0 END)::bigint AS false_ones,
  (sum(CASE verdict WHEN 'false' THEN 1.0 ELSE 0.0 END) / count(*))::double precision AS false_share
FROM verdicts JOIN incidents ON incidents.source = verdicts.source AND incidents.incident_id = verdicts.incident_id
WHERE incidents.simulation = 0 GROUP BY 1, 2;

CREATE OR REPLACE VIEW light_by_night AS
SELECT data::jsonb->>'night' AS night, source, (data::jsonb->>'burn_h')::double precision AS hours,
  (data::jsonb->>'energy_wh_estimated')::double precision AS energy_wh,
  (data::jsonb->>'energy_wh_flat')::double precision AS flat_wh
FROM events WHERE kind = 'lamp.summarized' AND simulation = 0;
