-- Quartiers prioritaires with a part in chosen communes, those of 2015 and of 2024 apart by
-- ``geography``, one row a quartier and commune, with their figures: one row each, or one empty row.
CREATE MACRO quarter_figures(codes) AS TABLE
WITH quarter AS (
    SELECT t.level, t.code, t.name, t.type AS geography, m.commune_code, c.name AS commune_name
    FROM territory_member m
    JOIN territory t ON t.level = m.parent_level AND t.code = m.parent_code
    JOIN territory c ON c.level = 'commune' AND c.code = m.commune_code
    WHERE m.parent_level IN ('qpv', 'qpv_2015') AND m.commune_code IN (SELECT unnest(codes))
)
SELECT q.*, o.indicator_id, o.period, o.value, o.ci_low, o.ci_high, o.state, o.reason, o.source_id
FROM quarter q LEFT JOIN observation o ON o.level = q.level AND o.code = q.code
ORDER BY q.geography, q.commune_name, q.name, q.code, o.indicator_id, o.period;
