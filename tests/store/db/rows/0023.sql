-- notice, person
INSERT INTO notice (name, owner, begun_at, lease_until, told_at) VALUES ('k7m2p9wxyz/called/U0BOB', 'replica-1', '2026-11-26T10:00:00.000000Z', NULL, '2026-11-26T10:00:01.000000Z');
INSERT INTO person (id, wish, zone) VALUES ('U0BOB', 'digest', 'Europe/Berlin');
