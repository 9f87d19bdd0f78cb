-- schedule_host, with its moment
INSERT INTO schedule_host (schedule, host, trouble, at) VALUES ('nightly-ci', 'ci-1', 'unreachable', '2026-11-20T03:00:00.000000Z');
