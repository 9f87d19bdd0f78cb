-- fleet
INSERT INTO fleet (id, snapshot, version, created_at, held, excused, message_channel, message_ts, message_permalink, shown_version, shown_plans, told_seq) VALUES ('f1', '{"id":"f1"}', 3, '2026-11-26T10:00:00.000000Z', 'web-1: failed', '["p1"]', 'C0DISK', '1.000001', '', 3, 9, 12);
