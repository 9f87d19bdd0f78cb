-- watched_host, watch_series, watch_sample
INSERT INTO watched_host (host, slot, owner, lease_until, series, volumes_at, forecast) VALUES ('prod-3', '2026-11-26T10:00:00.000000Z', 'replica-1', NULL, 1, '2026-11-26T09:00:00.000000Z', '');
INSERT INTO watch_series (id, host, engine, thinned) VALUES (1, 'prod-3', '7TDM:AAAA prod-3 /var/lib/docker', 29670000);
INSERT INTO watch_sample (step, series, at, inodes, free_inodes, size, free, took, images, images_size, images_reclaimable) VALUES (0, 1, 29670000, 6553600, 6000000, 102400, 61440, 250, 12, 20480, 5120);
