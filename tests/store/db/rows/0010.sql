-- volume_mounting
INSERT INTO volume_mounting (engine_id, volume, first_at, at, container, image) VALUES ('7TDM:AAAA', 'pg-data', '2026-11-01T08:00:00.000000Z', '2026-11-20T08:00:00.000000Z', 'pg-1', 'postgres:14');
