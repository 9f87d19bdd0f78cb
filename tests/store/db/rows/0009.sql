-- last_look
INSERT INTO last_look (host, at, usage, disk) VALUES ('prod-3', '2026-11-20T08:00:00.000000Z', '{"rows":[{"type":"Images","total":9,"active":2,"size":2200,"reclaimable":1700,"known":true}],"free":40000}', '{"size":100000,"free":40000,"inodes":null,"free_inodes":null}');
