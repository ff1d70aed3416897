-- National deaths and population by sex and age, for the mortality ratio; empty when not loaded.
-- zone is F (France) or FM (métropole); age_fin NULL is an open class; taux is per 1 000.
CREATE TABLE insee_mortalite_age (
    zone TEXT NOT NULL,
    annee TEXT NOT NULL,
    sexe TEXT NOT NULL,
    age_debut INTEGER NOT NULL,
    age_fin INTEGER,
    deces DOUBLE,
    population DOUBLE,
    taux DOUBLE
);

INSERT INTO insee_mortalite_age
WITH yearly AS (
    SELECT code, period AS year, measure, sex, age_from, age_to, value
    FROM stg_melodi_mortalite WHERE frequency IN ('A', '') AND regexp_full_match(period, '\d{4}')
),
-- A year whose every day is there is the sum of its days.
counted AS (
    SELECT code, left(period, 4) AS year, measure, sex, age_from, age_to, sum(value) AS value,
           count(DISTINCT period) AS days
    FROM stg_melodi_mortalite
    WHERE frequency = 'D' AND measure = 'deces' AND regexp_full_match(period, '\d{4}-\d\d-\d\d')
    GROUP BY ALL
),
daily AS (
    SELECT * EXCLUDE (days) FROM counted
    WHERE days = datediff('day', make_date(year::INTEGER, 1, 1), make_date(year::INTEGER + 1, 1, 1))
),
figure AS (
    SELECT * FROM yearly
    UNION ALL
    SELECT d.* FROM daily d
    ANTI JOIN yearly y USING (code, year, measure, sex, age_from)
),
band AS (
    SELECT code, year, sex, age_from, age_to,
           max(value) FILTER (measure = 'deces') AS deaths, max(value) FILTER (measure = 'taux') AS rate
    FROM figure WHERE measure IN ('deces', 'taux') GROUP BY ALL
),
-- The ages of the population, laid end to end: the finest that begin where the last one ended.
part AS (
    SELECT code, year, sex, age_from, min(coalesce(age_to, 999)) AS age_to,
           arg_min(value, coalesce(age_to, 999)) AS value
    FROM figure WHERE measure = 'population' GROUP BY code, year, sex, age_from
),
covered AS (
    SELECT b.code, b.year, b.sex, b.age_from, b.age_to, sum(p.value) AS population
    FROM band b
    JOIN part p ON p.code = b.code AND p.year = b.year AND p.sex = b.sex
        AND p.age_from >= b.age_from AND p.age_to <= coalesce(b.age_to, 999)
    GROUP BY ALL
    HAVING min(p.age_from) = b.age_from AND max(p.age_to) = coalesce(b.age_to, 999)
       AND sum(p.age_to - p.age_from + 1) = coalesce(b.age_to, 999) - b.age_from + 1
)
SELECT b.code, b.year, b.sex, b.age_from, b.age_to, b.deaths, c.population, b.rate
FROM band b
LEFT JOIN covered c ON c.code = b.code AND c.year = b.year AND c.sex = b.sex
    AND c.age_from = b.age_from AND c.age_to IS NOT DISTINCT FROM b.age_to
ORDER BY ALL;
