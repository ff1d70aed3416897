-- Rules on what the sources brought: they read views that exist during the build only.
SELECT 'équipement sans indicateur' AS problem, type AS detail FROM stg_bpe WHERE indicator_id IS NULL
UNION ALL
-- A row written twice in a source would be added to itself.
SELECT 'chiffre publié deux fois', indicator_id || ':' || level || ':' || code || ':' || period
FROM published GROUP BY indicator_id, level, code, period, source_id HAVING count(*) > 1
UNION ALL
-- Totals are conserved when communes are carried to those of today.
SELECT 'total modifié par le passage des communes', c.indicator_id || ':' || c.period
FROM (
    SELECT p.indicator_id, p.period, sum(p.numerator) AS numerator, sum(p.value) AS value
    FROM kept p JOIN indicator i ON i.id = p.indicator_id
    WHERE p.level = 'commune' AND i.aggregation IN ('sum', 'sum_ratio') GROUP BY ALL
) c
JOIN (
    SELECT o.indicator_id, o.period, sum(o.numerator) AS numerator,
           sum(if(i.aggregation = 'sum', o.value, NULL)) AS value
    FROM observation o JOIN indicator i ON i.id = o.indicator_id
    WHERE o.level = 'commune' GROUP BY ALL
) o USING (indicator_id, period)
WHERE abs(coalesce(c.numerator, 0) - coalesce(o.numerator, 0)) > 1e-6 * greatest(1, abs(coalesce(c.numerator, 0)))
   OR abs(coalesce(c.value, 0) - coalesce(o.value, 0)) > 1e-6 * greatest(1, abs(coalesce(c.value, 0)));
