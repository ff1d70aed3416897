-- Melodi: the cells of every dataset, one row a territory, year and measure. An answer and a whole
-- file may hold the same cell: a figure rather than a secret, a secret rather than an absence.
-- Of « France », only métropole is kept: the census leaves Mayotte out of the other.
CREATE TEMP VIEW stg_melodi AS
WITH cell AS (
    SELECT 'melodi_populations' AS source_id, * FROM raw_melodi_populations
    UNION ALL SELECT 'melodi_filosofi', * FROM raw_melodi_filosofi
    UNION ALL SELECT 'melodi_rp_population', * FROM raw_melodi_rp_population
    UNION ALL SELECT 'melodi_rp_diplomes', * FROM raw_melodi_rp_diplomes
    UNION ALL SELECT 'melodi_rp_emploi', * FROM raw_melodi_rp_emploi
    UNION ALL SELECT 'melodi_rp_familles', * FROM raw_melodi_rp_familles
    UNION ALL SELECT 'melodi_rp_logement', * FROM raw_melodi_rp_logement
    UNION ALL SELECT 'melodi_etat_civil', * FROM raw_melodi_etat_civil
)
SELECT source_id, niveau AS level, codgeo AS code, annee AS period, mesure AS measure,
       max(valeur::DOUBLE) AS value,
       CASE WHEN bool_or(etat = 'ok') THEN 'ok' WHEN bool_or(etat = 'secret') THEN 'secret' ELSE 'absent' END AS state
FROM cell
WHERE niveau <> 'france' OR codgeo = 'FM'
GROUP BY ALL;

-- Inhabitants by sex and five-year age: bands of a whole file, or years of age of an answer, added up
-- where all the years of a band are there.
CREATE TEMP VIEW stg_melodi_population_age AS
WITH cell AS (
    SELECT niveau AS level, codgeo AS code, annee AS period, if(mesure = 'femmes', 'F', 'M') AS sex, age,
           coalesce(try_cast(regexp_extract(age, '^Y(?:_GE)?(\d+)', 1) AS INTEGER), -1) AS age_from,
           regexp_matches(age, '^Y\d+T\d+$') OR age = 'Y_GE95' AS is_band,
           max(valeur::DOUBLE) AS value
    FROM raw_melodi_population_age
    WHERE etat = 'ok' AND age LIKE 'Y%'
    GROUP BY ALL
),
band AS (
    SELECT level, code, period, sex, age_from AS age, value, 1 AS rank FROM cell WHERE is_band
    UNION ALL
    SELECT level, code, period, sex, least(age_from // 5 * 5, 95) AS age, sum(value), 2
    FROM cell WHERE NOT is_band AND age_from >= 0
    GROUP BY ALL
    HAVING count(*) = if(least(min(age_from) // 5 * 5, 95) = 95, 6, 5)
)
SELECT level, code, period, sex, age, arg_min(value, rank) AS value
FROM band GROUP BY level, code, period, sex, age;

-- Deaths, population and death rates of the country by sex and age, still in codes of ages.
CREATE TEMP VIEW stg_melodi_mortalite AS
SELECT codgeo AS code, annee AS period, mesure AS measure, sexe AS sex, frequence AS frequency,
       CASE
           WHEN age LIKE 'Y\_LT%' ESCAPE '\' THEN 0
           ELSE try_cast(regexp_extract(age, '^Y(?:_GE)?(\d+)', 1) AS INTEGER)
       END AS age_from,
       CASE
           WHEN age LIKE 'Y\_GE%' ESCAPE '\' THEN NULL
           WHEN age LIKE 'Y\_LT%' ESCAPE '\' THEN try_cast(substr(age, 5) AS INTEGER) - 1
           ELSE try_cast(regexp_extract(age, '(\d+)$', 1) AS INTEGER)
       END AS age_to,
       max(valeur::DOUBLE) AS value
FROM raw_melodi_mortalite
WHERE etat = 'ok' AND age LIKE 'Y%' AND sexe IN ('F', 'M')
GROUP BY ALL;
