-- Intercommunalités with a commune in the départements asked, each whole: people and communes in all
-- and here, names of the other départements it reaches, quartiers prioritaires, communes classified
-- « zone d'intervention prioritaire » in the zoning of CartoSanté, the only one that Gradient reads.
-- Where the list of quartiers of one of its départements is not loaded, qpv_whole is false: qpv is a
-- least, and 0 says nothing (qpv_known is false). Where no zoning is loaded for its communes,
-- zoned_communes is 0 and zip_communes empty.
CREATE MACRO departement_epci(departements) AS TABLE
WITH part AS (
    SELECT m.parent_code AS code, t.departement_code, m.commune_code, coalesce(t.population, 0) AS population
    FROM territory_member m
    JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code
    WHERE m.parent_level = 'epci' AND m.parent_code IN (
        SELECT epci_code FROM territory
        WHERE level = 'commune' AND departement_code IN (SELECT unnest(departements)))
),
listed AS (
    SELECT departement_code FROM territory WHERE level = 'qpv'
    UNION
    SELECT code FROM territory
    WHERE level = 'departement'
      AND (SELECT bool_or(state = 'chargé') FROM source WHERE id = 'anct_qpv_liste')
),
zoned AS (
    SELECT code AS commune_code, arg_max(class, period) AS class
    FROM zone_figure
    WHERE source_id = 'cartosante_geoclip' AND label LIKE '%z_gene' AND class IS NOT NULL
    GROUP BY code
),
quartier AS (
    SELECT p.code, count(DISTINCT q.parent_code) AS qpv
    FROM part p
    JOIN territory_member q ON q.parent_level = 'qpv' AND q.commune_code = p.commune_code
    GROUP BY p.code
),
reached AS (
    SELECT code, departement_code, sum(population) AS population FROM part GROUP BY ALL
),
elsewhere AS (
    SELECT r.code, list(d.name ORDER BY r.population DESC, d.name) AS names
    FROM reached r
    JOIN territory d ON d.level = 'departement' AND d.code = r.departement_code
    WHERE r.departement_code NOT IN (SELECT unnest(departements))
    GROUP BY r.code
),
whole AS (
    SELECT p.code, sum(p.population) AS population, count(*) AS communes,
           sum(p.population) FILTER (p.departement_code IN (SELECT unnest(departements)))
               AS local_population,
           count(*) FILTER (p.departement_code IN (SELECT unnest(departements))) AS local_communes,
           bool_and(p.departement_code IN (SELECT departement_code FROM listed)) AS listed,
           count(z.class) AS zoned_communes,
           count(*) FILTER (z.class LIKE '%ZIP%') AS zip_communes
    FROM part p LEFT JOIN zoned z USING (commune_code)
    GROUP BY p.code
)
SELECT w.code, t.name, w.population::BIGINT AS population, w.communes,
       w.local_population::BIGINT AS local_population, w.local_communes,
       coalesce(e.names, []::VARCHAR[]) AS elsewhere,
       coalesce(q.qpv, 0) AS qpv, w.listed OR coalesce(q.qpv, 0) > 0 AS qpv_known,
       w.listed AS qpv_whole,
       w.zoned_communes, if(w.zoned_communes > 0, w.zip_communes, NULL) AS zip_communes
FROM whole w
JOIN territory t ON t.level = 'epci' AND t.code = w.code
LEFT JOIN elsewhere e ON e.code = w.code
LEFT JOIN quartier q ON q.code = w.code
ORDER BY w.code;
