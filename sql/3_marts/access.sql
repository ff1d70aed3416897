-- Where people live and care is given: every inhabited commune of the five-overseas France, Paris,
-- Lyon and Marseille by arrondissement. lon and lat, a point inside the outline, may be unknown.
CREATE MACRO care_places() AS TABLE
SELECT t.code, t.level, t.name, coalesce(c.code, t.code) AS commune_code,
       coalesce(c.departement_code, t.departement_code) AS departement_code,
       coalesce(c.epci_code, t.epci_code) AS epci_code, t.population, t.lon, t.lat
FROM territory t
LEFT JOIN territory c ON t.level = 'arm' AND c.level = 'commune' AND c.code = t.commune_code
WHERE t.population > 0
  AND (t.level = 'arm' OR t.level = 'commune' AND t.type IN ('metro', 'drom') AND t.code NOT IN (
      SELECT commune_code FROM territory WHERE level = 'arm'))
ORDER BY t.code;

-- Figures of one indicator at one period in all those places; facilities: how many, for a count or
-- the numerator of a density. The standardised population of a city is shared out among its
-- arrondissements as their inhabitants are.
CREATE MACRO care_figures(indicator, at_period) AS TABLE
WITH found AS (
    SELECT level, code, value, coalesce(numerator, if(denominator IS NULL, value, NULL)) AS facilities,
           weight
    FROM observation
    WHERE indicator_id = indicator AND period = at_period AND level IN ('commune', 'arm')
      AND state IN ('ok', 'approx')
),
city AS (
    SELECT commune_code, sum(population) AS population
    FROM territory WHERE level = 'arm' GROUP BY commune_code
)
SELECT f.code, f.value, f.facilities,
       if(f.level = 'arm', w.weight * t.population / c.population, f.weight) AS weight
FROM found f
LEFT JOIN territory t ON f.level = 'arm' AND t.level = 'arm' AND t.code = f.code
LEFT JOIN city c ON c.commune_code = t.commune_code
LEFT JOIN found w ON w.level = 'commune' AND w.code = t.commune_code
ORDER BY f.code;

-- Periods of indicators with a figure somewhere among communes, the newest first.
CREATE MACRO care_periods(indicators) AS TABLE
SELECT indicator_id, period, count(*) AS communes
FROM observation
WHERE level = 'commune' AND indicator_id IN (SELECT unnest(indicators)) AND value IS NOT NULL
GROUP BY ALL ORDER BY indicator_id, period DESC;

-- Sites with a point inside a box of degrees.
CREATE MACRO sites_between(west, south, east, north) AS TABLE
SELECT site_id, name, category_code, category, commune_code, commune_by, lon, lat, as_of, source_id
FROM site
WHERE lon BETWEEN west AND east AND lat BETWEEN south AND north
ORDER BY site_id;

-- Départements whose sites are loaded: elsewhere none is, which does not mean none exists. A few
-- sites of a neighbour, known by a point past its border, do not make it known: the file of
-- Val-d'Oise has one for 1 500 inhabitants, thirteen times fewer are asked.
CREATE MACRO site_departements() AS TABLE
SELECT d.code
FROM site s
JOIN territory t ON t.level = 'commune' AND t.code = s.commune_code
JOIN (
    SELECT departement_code AS code, sum(population) AS population
    FROM territory WHERE level = 'commune' GROUP BY departement_code
) d ON d.code = t.departement_code
GROUP BY d.code, d.population
HAVING count(*) * 20000 >= d.population
ORDER BY d.code;

-- Quartiers prioritaires with a part in chosen communes: all their communes, outline if loaded.
CREATE MACRO quartiers_of(codes) AS TABLE
WITH wanted AS (
    SELECT DISTINCT parent_code AS code FROM territory_member
    WHERE parent_level = 'qpv' AND commune_code IN (SELECT unnest(codes))
)
SELECT q.code, q.name, q.departement_code, list(c.name ORDER BY c.name) AS communes,
       any_value(g.geometry) AS geometry
FROM wanted w
JOIN territory q ON q.level = 'qpv' AND q.code = w.code
JOIN territory_member m ON m.parent_level = 'qpv' AND m.parent_code = w.code
JOIN territory c ON c.level = 'commune' AND c.code = m.commune_code
LEFT JOIN territory_geometry g ON g.level = 'qpv' AND g.code = w.code
GROUP BY ALL ORDER BY q.code;

-- Départements whose list of quartiers is loaded, or known in part.
CREATE MACRO quartier_departements() AS TABLE
SELECT departement_code AS code FROM territory WHERE level = 'qpv' AND departement_code IS NOT NULL
UNION
SELECT code FROM territory
WHERE level = 'departement'
  AND (SELECT bool_or(state = 'chargé') FROM source WHERE id = 'anct_qpv_liste')
ORDER BY code;

-- Class of communes in the zoning of doctors that CartoSanté shows, at its last period.
CREATE MACRO commune_zoning(codes) AS TABLE
SELECT code, arg_max(class, period) AS class, max(period) AS period
FROM zone_figure
WHERE source_id = 'cartosante_geoclip' AND label LIKE '%z_gene' AND class IS NOT NULL
  AND code IN (SELECT unnest(codes))
GROUP BY code ORDER BY code;
