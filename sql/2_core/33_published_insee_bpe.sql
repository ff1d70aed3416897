-- Facilities of the three files of the BPE, on the communes of today (totals are conserved).
-- Paris, Lyon and Marseille: the file's own row, or the sum of their arrondissements.
CREATE TEMP TABLE bpe_place AS
WITH carried AS (
    SELECT f.source_id, f.sparse, f.period, f.indicator_id, t.level, t.code, t.departement_code,
           t.commune_code, sum(f.facilities) AS facilities
    FROM stg_bpe_facility f
    LEFT JOIN passage p ON p.old_code = f.code
    JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = coalesce(p.code, f.code)
    GROUP BY ALL
),
city AS (
    SELECT a.source_id, a.sparse, a.period, a.indicator_id, 'commune', a.commune_code,
           any_value(a.departement_code), NULL, sum(a.facilities)
    FROM carried a
    WHERE a.level = 'arm' AND (a.source_id, a.period, a.commune_code) NOT IN (
        SELECT (source_id, period, code) FROM carried WHERE level = 'commune'
    )
    GROUP BY ALL
)
SELECT * FROM carried
UNION ALL
SELECT * FROM city;

-- In a sparse file a type absent from a commune is a zero, where its département is in the file and
-- where the commune existed: before 2022, the comparateur's list (2021) leaves out those split since.
INSERT INTO bpe_place
WITH listed AS (
    SELECT DISTINCT source_id, period, indicator_id FROM bpe_place WHERE sparse
),
covered AS (
    SELECT DISTINCT source_id, period, level, departement_code FROM bpe_place WHERE sparse
)
SELECT l.source_id, true, l.period, l.indicator_id, t.level, t.code, t.departement_code,
       t.commune_code, 0
FROM listed l
JOIN covered c USING (source_id, period)
JOIN territory t ON t.level = c.level AND t.departement_code = c.departement_code
ANTI JOIN bpe_place p
    ON p.source_id = l.source_id AND p.period = l.period AND p.indicator_id = l.indicator_id
       AND p.level = t.level AND p.code = t.code
WHERE l.period >= '2022' OR t.code IN (
    SELECT coalesce(g.code, k.code) FROM stg_comparateur k LEFT JOIN passage g ON g.old_code = k.code
);

-- Inhabitants to relate professionals to: of 2018 for 2018, of 2021 for 2020, then those of the COG.
CREATE TEMP TABLE bpe_population AS
SELECT '2018' AS period, t.level, t.code, sum(c.population) AS population
FROM stg_comparateur c
LEFT JOIN passage p ON p.old_code = c.code
JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = coalesce(p.code, c.code)
GROUP BY ALL HAVING count(c.population) = count(*)
UNION ALL
SELECT '2020', t.level, t.code, sum(r.population)
FROM stg_rp_iris r
LEFT JOIN passage p ON p.old_code = r.code
JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = coalesce(p.code, r.code)
GROUP BY ALL HAVING count(r.population) = count(*)
UNION ALL
SELECT period, level, code, population
FROM territory, (SELECT DISTINCT period FROM bpe_place WHERE period >= '2022')
WHERE level IN ('commune', 'arm');

-- A city without its own row of inhabitants has those of its arrondissements.
INSERT INTO bpe_population
SELECT b.period, 'commune', t.commune_code, sum(b.population)
FROM bpe_population b JOIN territory t ON t.level = b.level AND t.code = b.code
WHERE b.level = 'arm' AND (b.period, t.commune_code) NOT IN (
    SELECT (period, code) FROM bpe_population WHERE level = 'commune'
)
GROUP BY ALL;

INSERT INTO published
SELECT b.indicator_id, b.level, b.code, b.period,
       if(i.kind = 'count', b.facilities, NULL), if(i.kind = 'ratio', b.facilities, NULL),
       if(i.kind = 'ratio', r.population, NULL), 'ok', NULL, b.source_id
FROM bpe_place b
JOIN indicator i ON i.id = b.indicator_id
LEFT JOIN bpe_population r ON r.period = b.period AND r.level = b.level AND r.code = b.code
WHERE i.kind = 'count' OR r.population IS NOT NULL;
