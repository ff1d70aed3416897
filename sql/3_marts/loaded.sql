-- Départements of France, and whether one of their communes has a figure out of a producer's file,
-- beside what ships with Gradient.
CREATE MACRO loaded_departements() AS TABLE
WITH loaded AS (
    SELECT DISTINCT t.departement_code AS code
    FROM observation o
    JOIN source s ON s.id = o.source_id AND s.state = 'chargé'
    JOIN territory t ON t.level = 'commune' AND t.code = o.code
    WHERE o.level = 'commune'
)
SELECT d.code, d.name, d.code IN (SELECT code FROM loaded) AS loaded
FROM territory d
WHERE d.level = 'departement' AND d.type IN ('metro', 'drom')
ORDER BY d.code;
