-- host_engine
INSERT INTO host_engine (host, engine_id, name, version, store, first_at) VALUES ('prod-3', '7TDM:AAAA', 'prod-3', '20.10.24', 'overlay2', '2026-11-01T08:00:00.000000Z');
