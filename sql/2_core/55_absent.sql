-- What the country has and a territory has nothing of is absent with its reason, never left out: a
-- figure of an indicator that covers 90 % of the inhabitants of France is expected everywhere.
INSERT INTO observation BY NAME
WITH nationwide AS (
    SELECT o.indicator_id, o.period, mode(o.source_id) AS source_id
    FROM observation o
    JOIN indicator i ON i.id = o.indicator_id AND i.aggregation <> 'none'
    JOIN territory_member m
        ON m.parent_level = 'france' AND m.parent_code = 'FR' AND m.commune_code = o.code
    JOIN territory t ON t.level = 'commune' AND t.code = o.code
    WHERE o.level = 'commune' AND o.value IS NOT NULL
    GROUP BY o.indicator_id, o.period
    HAVING sum(t.population) >= 0.9 * (
        SELECT population FROM territory WHERE level = 'france' AND code = 'FR')
),
expected AS (
    SELECT t.level, t.code, n.indicator_id, n.period, n.source_id
    FROM territory t CROSS JOIN nationwide n
    WHERE t.level IN ('epci', 'ept', 'petr', 'departement', 'region')
)
SELECT e.*, 'absent' AS state,
       'la source ne donne aucun chiffre pour les communes de ce territoire' AS reason,
       0.0 AS coverage, 0 AS communes
FROM expected e
ANTI JOIN observation o USING (level, code, indicator_id, period);
