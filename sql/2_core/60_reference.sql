-- The fixed national reference of each indicator: population-weighted mean and spread over communes.
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
older AS (
    SELECT indicator_id, arg_max(period, period) AS period, arg_max(sd / mean, period) AS relative_sd
    FROM stg_reference GROUP BY indicator_id
),
france AS (SELECT population FROM territory WHERE level = 'france' AND code = 'FR')
SELECT l.indicator_id, l.period,
       coalesce(n.mean, c.mean, l.mean) AS mean,
       CASE
           WHEN n.sd IS NOT NULL THEN n.sd
           WHEN l.population >= 0.9 * f.population THEN l.sd
           WHEN l.kind = 'median' AND o.relative_sd IS NOT NULL THEN o.relative_sd * coalesce(c.mean, l.mean)
           ELSE l.sd
       END AS sd,
       n.q05, n.q20, n.q40, n.q60, n.q80, n.q95,
       coalesce(n.communes, l.communes) AS communes,
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
LEFT JOIN older o ON o.indicator_id = l.indicator_id;
