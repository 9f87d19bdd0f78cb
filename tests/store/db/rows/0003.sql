-- schedule, schedule_host
INSERT INTO schedule (name, definition, next_at) VALUES ('nightly-ci', '0 3 * * * Europe/Berlin', '2026-11-25T02:00:00.000000Z');
INSERT INTO schedule_host (schedule, host, trouble) VALUES ('nightly-ci', 'prod-3', 'unreachable');
