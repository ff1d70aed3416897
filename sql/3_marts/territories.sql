CREATE MACRO searchable() AS TABLE
SELECT t.level, t.code, t.name, t.departement_code AS departement, d.name AS departement_name,
       t.population
FROM territory t
LEFT JOIN territory d ON d.level = 'departement' AND d.code = t.departement_code
WHERE t.level IN ('commune', 'arm', 'epci', 'ept', 'petr', 'departement', 'region')
ORDER BY t.level, t.code;

CREATE MACRO members() AS TABLE
SELECT parent_level, parent_code, commune_code FROM territory_member
WHERE parent_level NOT IN ('qpv', 'qpv_2015') ORDER BY ALL;

CREATE MACRO former_communes() AS TABLE SELECT old_code, code FROM passage ORDER BY old_code;

-- One row a commune or municipal arrondissement, with the names of what holds it; ``city_code`` is
-- the city of an arrondissement, the commune itself otherwise.
CREATE MACRO commune_list(codes) AS TABLE
SELECT t.code, t.name, t.population, t.departement_code, d.name AS departement_name,
       t.region_code, r.name AS region_name, c.epci_code, e.name AS epci_name, c.ept_code,
       t.lon, t.lat, g.code IS NOT NULL AS has_contour, c.code AS city_code, c.name AS city_name
FROM (SELECT DISTINCT unnest(codes) AS code) w
JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = w.code
JOIN territory c ON c.level = 'commune' AND c.code = coalesce(t.commune_code, t.code)
LEFT JOIN territory d ON d.level = 'departement' AND d.code = t.departement_code
LEFT JOIN territory r ON r.level = 'region' AND r.code = t.region_code
LEFT JOIN territory e ON e.level = 'epci' AND e.code = c.epci_code
LEFT JOIN territory_geometry g ON g.level = t.level AND g.code = t.code
ORDER BY t.code;

CREATE MACRO territory_named(levels, codes) AS TABLE
WITH wanted AS (SELECT DISTINCT unnest(levels) AS level, unnest(codes) AS code)
SELECT t.* FROM wanted JOIN territory t USING (level, code) ORDER BY t.level, t.code;

-- Contours of all communes of the départements given, for one map layer.
CREATE MACRO layer_communes(departements) AS TABLE
SELECT t.code, t.name, g.geometry
FROM territory t JOIN territory_geometry g USING (level, code)
WHERE t.level = 'commune' AND t.departement_code IN (SELECT unnest(departements))
ORDER BY t.code;

-- Outlines of the quartiers prioritaires that have one, in chosen communes.
CREATE MACRO layer_quarters(codes) AS TABLE
SELECT t.code, t.name, g.geometry
FROM territory t JOIN territory_geometry g USING (level, code)
WHERE t.level = 'qpv' AND t.code IN (
    SELECT parent_code FROM territory_member
    WHERE parent_level = 'qpv' AND commune_code IN (SELECT unnest(codes)))
ORDER BY t.code;

-- Arrondissements of Paris, Lyon and Marseille, with the city of each.
CREATE MACRO layer_arms() AS TABLE
SELECT t.code, t.name, t.commune_code, g.geometry
FROM territory t JOIN territory_geometry g USING (level, code)
WHERE t.level = 'arm'
ORDER BY t.code;

-- Coarser contours of communes and of arrondissements, for a map of the whole country.
CREATE MACRO layer_country() AS TABLE
SELECT t.level, t.code, t.name, t.departement_code, t.commune_code, s.geometry
FROM territory t JOIN territory_sketch s USING (level, code)
ORDER BY t.level, t.code;
