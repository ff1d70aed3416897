-- Every commune has a département and a region that exist.
SELECT 'commune sans département ou région connus' AS problem, t.code AS detail
FROM territory t
LEFT JOIN territory d ON d.level = 'departement' AND d.code = t.departement_code
LEFT JOIN territory r ON r.level = 'region' AND r.code = t.region_code
WHERE t.level = 'commune' AND (d.code IS NULL OR r.code IS NULL)
UNION ALL
-- Codes are text of the length their level has.
SELECT 'code de commune mal formé', code FROM territory
WHERE level IN ('commune', 'arm') AND NOT regexp_full_match(code, '[0-9][0-9AB][0-9]{3}')
UNION ALL
SELECT 'SIREN mal formé', code FROM territory
WHERE level IN ('epci', 'ept', 'petr') AND NOT regexp_full_match(code, '[0-9]{9}')
UNION ALL
-- Members exist on both sides.
SELECT 'appartenance vers un territoire inconnu',
       m.parent_level || ':' || m.parent_code || ':' || m.commune_code
FROM territory_member m
LEFT JOIN territory p ON p.level = m.parent_level AND p.code = m.parent_code
LEFT JOIN territory c ON c.level = 'commune' AND c.code = m.commune_code
WHERE p.code IS NULL OR c.code IS NULL
UNION ALL
-- A commune belongs to one EPCI at most, and to one département.
SELECT 'commune dans plusieurs territoires d''un même niveau', parent_level || ':' || commune_code
FROM territory_member
WHERE parent_level IN ('epci', 'ept', 'departement', 'region')
GROUP BY parent_level, commune_code HAVING count(*) > 1
UNION ALL
-- A grouping's population is the sum of its communes.
SELECT 'population différente de la somme des communes', t.level || ':' || t.code
FROM territory t
JOIN territory_member m ON m.parent_level = t.level AND m.parent_code = t.code
JOIN territory c ON c.level = 'commune' AND c.code = m.commune_code
WHERE t.level IN ('epci', 'ept', 'petr', 'departement', 'region', 'france')
GROUP BY t.level, t.code, t.population
HAVING sum(c.population) IS DISTINCT FROM t.population
UNION ALL
-- A former code is never a commune of today.
SELECT 'ancienne commune encore présente', p.old_code
FROM passage p JOIN territory t ON t.level = 'commune' AND t.code = p.old_code
UNION ALL
SELECT 'QPV sans commune', t.code
FROM territory t
ANTI JOIN territory_member m ON m.parent_level = t.level AND m.parent_code = t.code
WHERE t.level IN ('qpv', 'qpv_2015');
