-- Births and deaths of a year by commune of residence, in the communes of today.
-- A merged commune has a figure when all its parts have one.
CREATE TABLE civil_event (
    commune_code TEXT NOT NULL,
    year INTEGER NOT NULL,
    births DOUBLE,
    deaths DOUBLE,
    source_id TEXT NOT NULL,
    PRIMARY KEY (commune_code, year)
);

INSERT INTO civil_event
WITH event AS (
    SELECT code, period::INTEGER AS year, max(value) FILTER (measure = 'naissances') AS births,
           max(value) FILTER (measure = 'deces') AS deaths, 'melodi_etat_civil' AS source_id
    FROM stg_melodi
    WHERE source_id = 'melodi_etat_civil' AND level = 'commune' AND state = 'ok'
    GROUP BY code, period
    UNION ALL
    SELECT code, year, births, deaths, 'insee_etat_civil' FROM stg_etat_civil
    UNION ALL
    -- The edition of the census of 2021 gives the events of 2022, that of 2018 those of 2020.
    SELECT code, 2022, births, deaths, 'insee_rp_extraits' FROM stg_rp_communes
    UNION ALL
    SELECT code, period::INTEGER + 2, births_of_year, deaths_of_year, 'insee_comparateur'
    FROM stg_comparateur
),
today AS (
    SELECT t.code, e.year, e.source_id,
           if(count(e.births) = count(*), sum(e.births), NULL) AS births,
           if(count(e.deaths) = count(*), sum(e.deaths), NULL) AS deaths
    FROM event e
    LEFT JOIN passage p ON p.old_code = e.code
    JOIN territory t ON t.level = 'commune' AND t.code = coalesce(p.code, e.code)
    GROUP BY ALL
)
SELECT d.code, d.year, d.births, d.deaths, d.source_id
FROM today d JOIN source s ON s.id = d.source_id
WHERE d.births IS NOT NULL OR d.deaths IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY d.code, d.year ORDER BY s.priority DESC, d.source_id) = 1
ORDER BY ALL;
