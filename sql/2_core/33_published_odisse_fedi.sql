INSERT INTO published
SELECT 'fedi', 'commune', code, period, score, NULL, NULL, 'ok', NULL, 'odisse_fedi'
FROM stg_fedi WHERE score IS NOT NULL;

-- Fifths of the national population, from the least to the most deprived communes of today. They
-- are a fixed national reference: none is given unless nearly all communes are there.
INSERT INTO published
WITH part AS (
    SELECT coalesce(g.code, a.commune_code, f.code) AS code, f.period, f.score,
           coalesce(r.population, t.population) AS population
    FROM stg_fedi f
    LEFT JOIN passage g ON g.old_code = f.code
    LEFT JOIN territory a ON a.level = 'arm' AND a.code = f.code
    LEFT JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = f.code
    LEFT JOIN stg_rp_iris r ON r.code = f.code
    WHERE f.score IS NOT NULL
),
today AS (
    SELECT p.code, p.period, sum(p.score * p.population) / sum(p.population) AS score,
           any_value(t.population) AS population
    FROM part p JOIN territory t ON t.level = 'commune' AND t.code = p.code
    WHERE p.population > 0 AND t.population > 0
    GROUP BY p.code, p.period
),
ranked AS (
    SELECT code, period, count(*) OVER (PARTITION BY period) AS communes,
           (sum(population) OVER (PARTITION BY period ORDER BY score, code) - population / 2)
               / sum(population) OVER (PARTITION BY period) AS middle
    FROM today
)
SELECT 'fedi_quintile', 'commune', code, period, 1 + floor(5 * middle), NULL, NULL, 'ok', NULL,
       'odisse_fedi'
FROM ranked WHERE communes >= 30000;
