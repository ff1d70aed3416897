-- Zonings of study that are not levels of the contract: bassins de vie, zones d'emploi and others.
CREATE TABLE zone (
    zone_level TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    vintage TEXT NOT NULL,
    communes INTEGER NOT NULL,
    population BIGINT,
    source_id TEXT NOT NULL,
    PRIMARY KEY (zone_level, code)
);

CREATE TABLE zone_member (
    zone_level TEXT NOT NULL,
    zone_code TEXT NOT NULL,
    commune_code TEXT NOT NULL,
    PRIMARY KEY (zone_level, commune_code)
);

-- A commune of today made of several is in the zone of the one whose code it keeps.
INSERT INTO zone_member
SELECT m.level, arg_min(m.zone_code, (m.code <> t.code, m.code)), t.code
FROM stg_zone_member m
LEFT JOIN passage p ON p.old_code = m.code
JOIN territory t ON t.level = 'commune' AND t.code = coalesce(p.code, m.code)
WHERE m.zone_code NOT LIKE '%ZZZZ'
GROUP BY m.level, t.code;

INSERT INTO zone
SELECT z.level, z.code, z.name, z.vintage, count(*), sum(t.population), 'insee_table_appartenance'
FROM stg_zone z
JOIN zone_member m ON m.zone_level = z.level AND m.zone_code = z.code
JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code
GROUP BY ALL;
