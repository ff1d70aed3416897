-- Figures of every territory of a level for chosen indicators, all periods, to find those alike.
CREATE MACRO level_matrix(at_level, indicators) AS TABLE
SELECT o.code, t.name, o.indicator_id, o.period, o.value
FROM observation o
JOIN territory t ON t.level = o.level AND t.code = o.code
WHERE o.level = at_level AND o.indicator_id IN (SELECT unnest(indicators))
  AND o.value IS NOT NULL
ORDER BY o.code, o.indicator_id, o.period;
