-- What the intercommunalités of a perimeter made of whole ones add up to, for figures that only they
-- have: counts, and ratios with both terms, where each of them has its own. Nothing for a perimeter
-- that cuts one.
CREATE MACRO whole_epci(codes, indicators) AS TABLE
WITH asked AS (SELECT DISTINCT unnest(codes) AS commune_code),
body AS (
    SELECT m.parent_code AS code, count(*) AS communes, count(a.commune_code) AS inside
    FROM territory_member m LEFT JOIN asked a USING (commune_code)
    WHERE m.parent_level = 'epci'
    GROUP BY m.parent_code
    HAVING inside > 0
),
cover AS (
    SELECT count(*) AS bodies
    FROM body
    HAVING bool_and(inside = communes) AND sum(inside) = (SELECT count(*) FROM asked)
)
SELECT o.indicator_id, o.period,
       if(i.aggregation = 'sum', sum(o.value), i.scale * sum(o.numerator) / nullif(sum(o.denominator), 0)) AS value,
       if(i.aggregation = 'sum', NULL, sum(o.numerator)) AS numerator,
       if(i.aggregation = 'sum', NULL, sum(o.denominator)) AS denominator,
       NULL::DOUBLE AS weight, NULL::DOUBLE AS ci_low, NULL::DOUBLE AS ci_high, 'ok' AS state,
       'somme de ' || count(*) || ' intercommunalités' AS reason, 1.0 AS coverage,
       sum(b.communes)::INTEGER AS communes, any_value(o.source_id) AS source_id
FROM cover c
CROSS JOIN body b
JOIN observation o ON o.level = 'epci' AND o.code = b.code AND o.state = 'ok'
    AND o.indicator_id IN (SELECT unnest(indicators))
JOIN indicator i ON i.id = o.indicator_id AND i.aggregation IN ('sum', 'sum_ratio')
GROUP BY o.indicator_id, o.period, i.aggregation, i.scale, c.bodies
HAVING count(*) = c.bodies
ORDER BY o.indicator_id, o.period;
