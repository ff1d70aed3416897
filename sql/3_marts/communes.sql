-- Figures of chosen communes or municipal arrondissements, all indicators and periods.
CREATE MACRO commune_values(codes) AS TABLE
SELECT o.* EXCLUDE (level), t.population
FROM (SELECT DISTINCT unnest(codes) AS code) w
JOIN observation o ON o.level IN ('commune', 'arm') AND o.code = w.code
JOIN territory t ON t.level = o.level AND t.code = w.code;

-- Figures of one indicator at one period, for a map: every commune asked has a row.
CREATE MACRO map_values(codes, indicator, at_period) AS TABLE
SELECT w.code, t.name, t.population, o.value, o.numerator, o.denominator, o.ci_low, o.ci_high,
       coalesce(o.state, 'absent') AS state,
       if(o.state IS NULL, 'pas de chiffre chargé pour cette commune', o.reason) AS reason,
       o.source_id
FROM (SELECT DISTINCT unnest(codes) AS code) w
JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = w.code
LEFT JOIN observation o
    ON o.level = t.level AND o.code = w.code AND o.indicator_id = indicator AND o.period = at_period
ORDER BY w.code;

-- The same for all the communes of a territory of any level, without listing them.
CREATE MACRO area_values(at_level, at_code, indicator, at_period) AS TABLE
SELECT t.code, t.name, t.population, o.value, o.numerator, o.denominator, o.ci_low, o.ci_high,
       coalesce(o.state, 'absent') AS state,
       if(o.state IS NULL, 'pas de chiffre chargé pour cette commune', o.reason) AS reason,
       o.source_id
FROM territory_member m
JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code
LEFT JOIN observation o
    ON o.level = 'commune' AND o.code = t.code AND o.indicator_id = indicator AND o.period = at_period
WHERE m.parent_level = at_level AND m.parent_code = at_code
ORDER BY t.code;

-- Periods of every indicator with at least one figure among the communes of a territory.
CREATE MACRO area_periods(at_level, at_code) AS TABLE
SELECT o.indicator_id, o.period, count(*) FILTER (o.state IN ('ok', 'approx')) AS communes
FROM observation o
JOIN territory_member m ON m.commune_code = o.code
WHERE o.level = 'commune' AND m.parent_level = at_level AND m.parent_code = at_code
GROUP BY ALL ORDER BY ALL;

-- The same as map_values for the arrondissements of Paris, Lyon and Marseille.
CREATE MACRO arm_values(indicator, at_period) AS TABLE
SELECT t.code, t.name, t.commune_code, t.population, o.value, o.numerator, o.denominator, o.ci_low,
       o.ci_high, coalesce(o.state, 'absent') AS state,
       if(o.state IS NULL, 'pas de chiffre chargé pour cet arrondissement', o.reason) AS reason,
       o.source_id
FROM territory t
LEFT JOIN observation o
    ON o.level = 'arm' AND o.code = t.code AND o.indicator_id = indicator AND o.period = at_period
WHERE t.level = 'arm'
ORDER BY t.code;

CREATE MACRO list_items(codes) AS TABLE
SELECT l.*, t.name AS commune_name
FROM list_item l JOIN territory t ON t.level = 'commune' AND t.code = l.commune_code
WHERE l.commune_code IN (SELECT unnest(codes))
ORDER BY l.indicator_id, t.name, l.category, l.name, l.item_id;

-- Ordinal indicators: communes and inhabitants in each category.
CREATE MACRO category_counts(codes) AS TABLE
SELECT o.indicator_id, o.period, o.value::INTEGER AS category, count(*) AS communes,
       sum(t.population) AS population
FROM observation o
JOIN indicator i ON i.id = o.indicator_id AND i.kind = 'ordinal'
JOIN territory t ON t.level = o.level AND t.code = o.code
WHERE o.level IN ('commune', 'arm') AND o.code IN (SELECT unnest(codes)) AND o.value IS NOT NULL
GROUP BY ALL ORDER BY ALL;

-- Periods of an indicator with at least one figure among chosen communes.
CREATE MACRO periods_of(codes) AS TABLE
SELECT indicator_id, period, count(*) FILTER (state IN ('ok', 'approx')) AS communes
FROM observation
WHERE level IN ('commune', 'arm') AND code IN (SELECT unnest(codes))
GROUP BY ALL ORDER BY ALL;

-- Inhabitants of chosen communes by sex and band of age, every census loaded.
CREATE MACRO population_ages(codes) AS TABLE
SELECT commune_code AS code, period, sex, age_from, age_to, population
FROM population_age WHERE commune_code IN (SELECT unnest(codes))
ORDER BY ALL;
