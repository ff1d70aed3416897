-- « Territoires de démocratie en santé » of the ARS; a commune made of several is where its code was.
INSERT INTO zone_member
SELECT 'TDS', arg_min(g.zone_code, (g.code <> t.code, g.code)), t.code
FROM stg_atlasante_geographie g
LEFT JOIN passage p ON p.old_code = g.code
LEFT JOIN territory a ON a.level = 'arm' AND a.code = g.code
JOIN territory t ON t.level = 'commune' AND t.code = coalesce(p.code, a.commune_code, g.code)
WHERE g.zone_code IS NOT NULL
GROUP BY t.code;

INSERT INTO zone
SELECT 'TDS', m.zone_code, n.name, n.vintage, count(*), sum(t.population), 'atlasante_geographie'
FROM zone_member m
JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code
JOIN (
    SELECT zone_code, any_value(zone_name) AS name, any_value(vintage) AS vintage
    FROM stg_atlasante_geographie GROUP BY zone_code
) n USING (zone_code)
WHERE m.zone_level = 'TDS'
GROUP BY ALL;
