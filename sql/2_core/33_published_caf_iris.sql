-- Communes none of whose IRIS is masked; others have two bounds, in caf_iris_commune. A commune
-- that merged is left out: a part without IRIS would be missing from its sum. Arrondissements stay
-- at their own level: a city is not the sum of those that happen to be known.
INSERT INTO published
SELECT s.indicator_id, t.level, s.code, s.period, sum(s.value), NULL, NULL, 'ok', NULL, 'caf_iris'
FROM stg_caf_iris s
JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = s.code
ANTI JOIN passage p ON p.code = s.code
GROUP BY ALL
HAVING count(s.value) = count(*);
