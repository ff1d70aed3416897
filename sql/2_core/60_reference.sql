-- The fixed national reference of each indicator: population-weighted mean, spread and quantiles over
-- communes; coverage is the share of the inhabitants of France whose commune has a figure.
-- scope says what it rests on: 'nationale' (all communes), 'mixte' (national mean, spread of the
-- loaded communes, or spread of an older national vintage) or 'chargee' (loaded communes alone).
CREATE TABLE reference AS
WITH loaded AS (
    SELECT o.indicator_id, o.period, i.kind,
           sum(o.value * t.population) / sum(t.population) AS mean,
           sqrt(greatest(0, sum(o.value * o.value * t.population) / sum(t.population)
               - pow(sum(o.value * t.population) / sum(t.population), 2))) AS sd,
           count(*) AS communes, sum(t.population) AS population
    FROM observation o
    JOIN indicator i ON i.id = o.indicator_id
    JOIN territory t ON t.level = 'commune' AND t.code = o.code
    WHERE o.level = 'commune' AND o.state IN ('ok', 'approx') AND o.value IS NOT NULL
      AND i.kind IN ('ratio', 'mean', 'median') AND t.population > 0
    GROUP BY ALL
),
country AS (
    SELECT indicator_id, period, arg_max(value, code) AS mean
    FROM observation
    WHERE level = 'france' AND state IN ('ok', 'approx') AND value IS NOT NULL
    GROUP BY ALL
),
france AS (SELECT population FROM territory WHERE level = 'france' AND code = 'FR'),
-- Quantiles are measured where the country is there: the smallest value at or below which a share
-- of its inhabitants lies, as diagnostic.need.weighted_quantiles has it.
ranked AS (
    SELECT o.indicator_id, o.period, o.value,
           sum(t.population) OVER (PARTITION BY o.indicator_id, o.period ORDER BY o.value)
               / ((1 - 1e-12) * l.population) AS reached
    FROM loaded l
    CROSS JOIN france f
    JOIN observation o USING (indicator_id, period)
    JOIN territory t ON t.level = 'commune' AND t.code = o.code
    WHERE l.population >= 0.9 * f.population AND t.population > 0
      AND o.level = 'commune' AND o.state IN ('ok', 'approx') AND o.value IS NOT NULL
),
measured AS (
    SELECT indicator_id, period,
           min(value) FILTER (reached >= 0.05) AS q05, min(value) FILTER (reached >= 0.2) AS q20,
           min(value) FILTER (reached >= 0.4) AS q40, min(value) FILTER (reached >= 0.6) AS q60,
           min(value) FILTER (reached >= 0.8) AS q80, min(value) FILTER (reached >= 0.95) AS q95
    FROM ranked GROUP BY ALL
),
older AS (
    SELECT indicator_id, arg_max(period, period) AS period, arg_max(sd / mean, period) AS relative_sd
    FROM stg_reference GROUP BY indicator_id
)
SELECT l.indicator_id, l.period,
       -- A published median is not the mean of the communes, around which they spread.
       coalesce(n.mean, if(l.kind = 'median' AND m.q05 IS NOT NULL, l.mean, c.mean), l.mean) AS mean,
       CASE
           WHEN n.sd IS NOT NULL THEN n.sd
           WHEN l.population >= 0.9 * f.population THEN l.sd
           WHEN l.kind = 'median' AND o.relative_sd IS NOT NULL THEN o.relative_sd * coalesce(c.mean, l.mean)
           ELSE l.sd
       END AS sd,
       coalesce(n.q05, m.q05) AS q05, coalesce(n.q20, m.q20) AS q20,
       coalesce(n.q40, m.q40) AS q40, coalesce(n.q60, m.q60) AS q60,
       coalesce(n.q80, m.q80) AS q80, coalesce(n.q95, m.q95) AS q95,
       coalesce(n.communes, l.communes) AS communes,
       l.population / f.population AS coverage,
       CASE
           WHEN n.mean IS NOT NULL OR l.population >= 0.9 * f.population THEN 'nationale'
           WHEN c.mean IS NOT NULL THEN 'mixte'
           ELSE 'chargee'
       END AS scope,
       CASE
           WHEN n.mean IS NOT NULL OR l.population >= 0.9 * f.population
               THEN 'moyenne et dispersion nationales'
           WHEN c.mean IS NOT NULL AND l.kind = 'median' AND o.relative_sd IS NOT NULL
               THEN 'moyenne nationale ' || l.period || ', dispersion nationale ' || o.period
                    || ' à proportion'
           WHEN c.mean IS NOT NULL
               THEN 'moyenne nationale, dispersion des départements chargés'
           ELSE 'moyenne et dispersion des départements chargés'
       END AS basis
FROM loaded l
CROSS JOIN france f
LEFT JOIN stg_reference n USING (indicator_id, period)
LEFT JOIN country c USING (indicator_id, period)
LEFT JOIN measured m USING (indicator_id, period)
LEFT JOIN older o ON o.indicator_id = l.indicator_id;
