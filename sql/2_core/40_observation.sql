-- The contract's one table of figures, unique by (indicator_id, level, code, period): a check says
-- so, since an index would triple the time of the build. Rows are kept by code: the figures of a
-- perimeter then lie together, and reading them skips the rest of the country.
CREATE TABLE observation (
    indicator_id TEXT NOT NULL,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    period TEXT NOT NULL,
    value DOUBLE,
    numerator DOUBLE,
    denominator DOUBLE,
    weight DOUBLE,
    ci_low DOUBLE,
    ci_high DOUBLE,
    state TEXT NOT NULL,
    reason TEXT,
    coverage DOUBLE,
    communes INTEGER,
    source_id TEXT NOT NULL
);

-- Where the figures of a source's code go today: former communes to the one that absorbed them,
-- municipal arrondissements to Paris, Lyon or Marseille.
CREATE TEMP VIEW carry AS
SELECT old_code, code FROM passage
UNION ALL
SELECT code, commune_code FROM territory WHERE level = 'arm';

-- Where two sources give the same figure, the one with the higher priority is kept.
CREATE TEMP VIEW kept AS
SELECT p.*
FROM published p JOIN source s ON s.id = p.source_id
QUALIFY row_number() OVER (
    PARTITION BY p.indicator_id, p.level, p.code, p.period ORDER BY s.priority DESC, p.source_id
) = 1;

-- Read several times below.
CREATE TEMP TABLE chosen AS FROM kept;

-- Communes that merged since a source's vintage are carried to the commune of today: counts and
-- ratios add up, means are weighted by the population of each part, medians cannot be carried.
INSERT INTO observation
WITH carried AS (
    SELECT p.indicator_id, coalesce(g.code, p.code) AS code, p.period, p.value, p.numerator,
           p.denominator, p.state, p.reason, p.source_id, i.kind, i.aggregation, i.scale,
           coalesce(w.weight, r.population, t.population) AS part_population, w.weight
    FROM chosen p
    JOIN indicator i ON i.id = p.indicator_id
    LEFT JOIN published_weight w USING (indicator_id, code, period)
    LEFT JOIN carry g ON g.old_code = p.code
    LEFT JOIN stg_rp_iris r ON r.code = p.code
    LEFT JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = p.code
    WHERE p.level = 'commune'
),
merged AS (
    SELECT indicator_id, code, period, kind, aggregation, scale, count(*) AS parts,
           sum(numerator) AS numerator, sum(denominator) AS denominator,
           if(count(weight) = count(*), sum(weight), NULL) AS weight,
           CASE
               WHEN count(*) = 1 THEN any_value(value)
               WHEN count(value) < count(*) THEN NULL
               WHEN kind IN ('median', 'ordinal') THEN NULL
               WHEN aggregation = 'weighted_mean'
                   THEN sum(value * part_population) / sum(part_population)
               ELSE sum(value)
           END AS value,
           CASE
               WHEN bool_or(state = 'secret') THEN 'secret'
               WHEN count(*) > 1 AND kind IN ('median', 'ordinal') THEN 'absent'
               WHEN count(*) > 1 AND aggregation = 'weighted_mean' AND count(weight) < count(*)
                   THEN 'approx'
               ELSE 'ok'
           END AS state,
           CASE
               WHEN bool_or(state = 'secret') THEN any_value(reason) FILTER (state = 'secret')
               WHEN count(*) > 1 AND kind IN ('median', 'ordinal')
                   THEN 'plusieurs parties réunies : la valeur ne se reporte pas'
               WHEN count(*) > 1 AND aggregation = 'weighted_mean' AND count(weight) < count(*)
                   THEN 'plusieurs parties réunies (communes fusionnées, arrondissements) : moyenne pondérée par la population'
           END AS reason,
           any_value(source_id) AS source_id
    FROM carried GROUP BY indicator_id, code, period, kind, aggregation, scale
)
SELECT m.indicator_id, 'commune', m.code, m.period,
       CASE
           WHEN m.state = 'secret' THEN NULL
           WHEN m.aggregation = 'sum_ratio' THEN m.scale * m.numerator / nullif(m.denominator, 0)
           ELSE m.value
       END AS value,
       m.numerator, m.denominator,
       m.weight,
       NULL, NULL,
       if(m.aggregation = 'sum_ratio' AND coalesce(m.denominator, 0) = 0, 'absent', m.state),
       if(m.aggregation = 'sum_ratio' AND coalesce(m.denominator, 0) = 0,
          'dénominateur nul : la part n''existe pas', m.reason),
       1.0, 1, m.source_id
FROM merged m
JOIN territory t ON t.level = 'commune' AND t.code = m.code
ORDER BY m.code;

-- Figures that producers publish for larger territories, and for municipal arrondissements.
INSERT INTO observation
SELECT p.indicator_id, t.level, p.code, p.period,
       if(i.aggregation = 'sum_ratio', i.scale * p.numerator / nullif(p.denominator, 0), p.value),
       p.numerator, p.denominator, NULL, NULL, NULL, p.state, p.reason, 1.0, NULL, p.source_id
FROM chosen p
JOIN indicator i ON i.id = p.indicator_id
JOIN territory t
    ON t.code = p.code AND t.level = if(p.level = 'commune', 'arm', p.level);

-- Lists (schools, quartiers): shown as they are, never averaged.
CREATE TABLE list_item AS
SELECT 'ips_etablissements' AS indicator_id, code AS commune_code, item_id, name,
       type || ' ' || if(sector = 'public', if(type = 'école', 'publique', 'public'), if(type = 'école', 'privée', 'privé')) AS category, ips AS value,
       if(type = 'école', '2024-2025', '2025-2026') AS period, 'education_ips' AS source_id
FROM stg_ips
UNION ALL
SELECT 'quartiers_prioritaires', m.commune_code, t.code, t.name, 'QPV 2024', NULL, '2024', 'anct_qpv'
FROM territory_member m JOIN territory t ON t.level = 'qpv' AND t.code = m.parent_code
WHERE m.parent_level = 'qpv';
