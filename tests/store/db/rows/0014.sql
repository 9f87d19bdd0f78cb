-- image_ran, event_stream
INSERT INTO image_ran (host, engine_id, machine, data_root, kind, service, image_id, at) VALUES ('prod-3', '7TDM:AAAA', 'prod-3', '/var/lib/docker', 'compose', 'web', 'sha256:0000000000000000000000000000000000000000000000000000000000000001', '2026-11-20T03:00:00.000000Z');
INSERT INTO event_stream (host, owner, lease_until, engine, since) VALUES ('prod-3', 'replica-1', NULL, '7TDM:AAAA prod-3 /var/lib/docker', '2026-11-20T03:00:00.000000Z');
