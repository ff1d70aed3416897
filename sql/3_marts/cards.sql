CREATE MACRO sources() AS TABLE SELECT * FROM source ORDER BY id;

CREATE MACRO indicators() AS TABLE SELECT * FROM indicator ORDER BY position;

CREATE MACRO references_of(indicators) AS TABLE
SELECT * FROM reference WHERE indicator_id IN (SELECT unnest(indicators)) ORDER BY indicator_id, period;

CREATE MACRO build_facts() AS TABLE SELECT key, value FROM build_info ORDER BY key;

-- National values of the indicators of an index, one row a commune and indicator.
CREATE MACRO commune_matrix(indicators, periods) AS TABLE
WITH wanted AS (SELECT unnest(indicators) AS indicator_id, unnest(periods) AS period)
SELECT o.code, o.indicator_id, o.value, o.numerator, o.denominator, t.population, t.epci_code
FROM wanted w
JOIN observation o ON o.indicator_id = w.indicator_id AND o.period = w.period AND o.level = 'commune'
JOIN territory t ON t.level = 'commune' AND t.code = o.code
WHERE o.value IS NOT NULL;

-- The same for the arrondissements of Paris, Lyon and Marseille, whose cities are in the matrix.
CREATE MACRO arm_matrix(indicators, periods) AS TABLE
WITH wanted AS (SELECT unnest(indicators) AS indicator_id, unnest(periods) AS period)
SELECT o.code, o.indicator_id, o.value, o.numerator, o.denominator, t.population
FROM wanted w
JOIN observation o ON o.indicator_id = w.indicator_id AND o.period = w.period AND o.level = 'arm'
JOIN territory t ON t.level = 'arm' AND t.code = o.code
WHERE o.value IS NOT NULL;
