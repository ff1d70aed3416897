-- Inhabitants of the communes of today by sex and five-year age; the last band is open (age_to NULL).
-- Where two sources have a commune and year, the one with the higher priority gives all its bands.
CREATE TABLE population_age (
    commune_code TEXT NOT NULL,
    period TEXT NOT NULL,
    sex TEXT NOT NULL,
    age_from INTEGER NOT NULL,
    age_to INTEGER,
    population DOUBLE NOT NULL,
    source_id TEXT NOT NULL,
    PRIMARY KEY (commune_code, period, sex, age_from)
);

INSERT INTO population_age
WITH band AS (
    SELECT code, period, sex, age, value, 'melodi_population_age' AS source_id
    FROM stg_melodi_population_age WHERE level = 'commune'
    UNION ALL
    SELECT code, '2023', s.sex, age, s.value, 'insee_rp_population'
    FROM stg_population_age_sexe,
         unnest([{sex: 'F', value: women}, {sex: 'M', value: men}]) AS t(s)
    UNION ALL
    SELECT code, period, sex, least(age // 5 * 5, 95), sum(value), 'atlasante_populations'
    FROM stg_atlasante_populations
    WHERE sex IS NOT NULL AND age IS NOT NULL AND value IS NOT NULL
    GROUP BY ALL
),
today AS (
    SELECT t.code, b.period, b.sex, b.age, b.source_id, sum(b.value) AS value
    FROM band b
    LEFT JOIN passage p ON p.old_code = b.code
    JOIN territory t ON t.level = 'commune' AND t.code = coalesce(p.code, b.code)
    GROUP BY ALL
)
SELECT d.code, d.period, d.sex, d.age, if(d.age = 95, NULL, d.age + 4), d.value, d.source_id
FROM today d JOIN source s ON s.id = d.source_id
QUALIFY rank() OVER (PARTITION BY d.code, d.period ORDER BY s.priority DESC, d.source_id) = 1
ORDER BY ALL;
