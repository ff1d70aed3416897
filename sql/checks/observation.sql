-- Secret, absent and zero are three things: a secret or absent figure has no value.
SELECT 'secret ou absent avec une valeur' AS problem,
       indicator_id || ':' || level || ':' || code || ':' || period AS detail
FROM observation WHERE state IN ('secret', 'absent') AND value IS NOT NULL
UNION ALL
-- One figure an indicator, territory and period.
SELECT 'chiffre en double', indicator_id || ':' || level || ':' || code || ':' || period
FROM observation GROUP BY indicator_id, level, code, period HAVING count(*) > 1
UNION ALL
SELECT 'état inconnu', indicator_id || ':' || state
FROM observation WHERE state NOT IN ('ok', 'secret', 'absent', 'approx')
UNION ALL
SELECT 'valeur attendue', indicator_id || ':' || level || ':' || code || ':' || period
FROM observation WHERE state = 'ok' AND value IS NULL
UNION ALL
SELECT 'ni valeur ni bornes', indicator_id || ':' || level || ':' || code || ':' || period
FROM observation WHERE state = 'approx' AND value IS NULL AND (ci_low IS NULL OR ci_high IS NULL)
UNION ALL
SELECT 'secret, absent ou approché sans raison', indicator_id || ':' || level || ':' || code || ':' || period
FROM observation WHERE state <> 'ok' AND reason IS NULL
UNION ALL
SELECT 'valeur infinie', indicator_id || ':' || level || ':' || code
FROM observation WHERE isinf(value) OR isnan(value)
UNION ALL
-- A ratio is its numerator over its denominator.
SELECT 'ratio différent de numérateur / dénominateur', o.indicator_id || ':' || o.level || ':' || o.code
FROM observation o JOIN indicator i ON i.id = o.indicator_id
WHERE i.aggregation = 'sum_ratio' AND o.value IS NOT NULL
  AND abs(o.value - i.scale * o.numerator / o.denominator) > 1e-9 * greatest(1, abs(o.value))
UNION ALL
-- A share stays between 0 and 100 %.
SELECT 'part hors de 0-100', indicator_id || ':' || level || ':' || code || ':' || period
FROM observation WHERE indicator_id LIKE 'part_%' AND (value < 0 OR value > 100.000001)
UNION ALL
SELECT 'indicateur sans fiche', o.indicator_id
FROM observation o ANTI JOIN indicator i ON i.id = o.indicator_id
UNION ALL
SELECT 'source sans fiche', o.source_id FROM observation o ANTI JOIN source s ON s.id = o.source_id
UNION ALL
SELECT 'source absente de la fiche', o.indicator_id || ':' || o.source_id
FROM (SELECT DISTINCT indicator_id, source_id FROM observation) o
JOIN indicator i ON i.id = o.indicator_id
WHERE NOT list_contains(i.sources, o.source_id)
UNION ALL
SELECT 'indicateur sans aucune figure', i.id
FROM indicator i
WHERE list_has_any(i.sources, (SELECT list(id) FROM source WHERE state = 'embarqué')) AND i.id NOT IN (SELECT indicator_id FROM observation) AND i.id NOT IN (SELECT indicator_id FROM list_item)
UNION ALL
SELECT 'territoire inconnu', o.level || ':' || o.code
FROM observation o ANTI JOIN territory t USING (level, code);
