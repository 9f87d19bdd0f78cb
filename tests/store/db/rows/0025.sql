-- batch
INSERT INTO batch (id, schedule, channel, ts, permalink, opens_at, open, shown, showing_until) VALUES ('nightly 2026-11-26T03:00:00.000000Z', 'nightly', 'C0OPS', '1795600000.000100', '', '2026-11-26T03:01:00.000000Z', TRUE, 3, NULL);
