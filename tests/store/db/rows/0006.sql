-- restore
INSERT INTO restore (plan_id, number, status, person_id, person_name, asked_at, ended_at, images, owner, attempt, lease_until) VALUES ('k7m2p9wxyz', 1, 'ended', 'U0CYD', 'Cyd', '2026-11-20T10:00:00.000000Z', '2026-11-20T10:00:05.000000Z', '[]', 'replica-1', 1, NULL);
