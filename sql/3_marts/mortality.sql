-- Deaths and people of the country by sex and age, the years and ages that the tables hold.
CREATE MACRO national_deaths() AS TABLE
SELECT zone, annee::INTEGER AS year, sexe AS sex, age_debut AS age_from, age_fin AS age_to,
       deces AS deaths, population
FROM insee_mortalite_age
ORDER BY ALL;

-- Years of the deaths of chosen communes, with the inhabitants (of today) of those that have them.
CREATE MACRO death_years(codes) AS TABLE
SELECT e.year, count(*) AS communes, sum(coalesce(t.population, 0)) AS population
FROM civil_event e
JOIN territory t ON t.level = 'commune' AND t.code = e.commune_code
WHERE e.deaths IS NOT NULL AND e.commune_code IN (SELECT unnest(codes))
GROUP BY e.year ORDER BY e.year;

-- Censuses by sex and age of chosen communes, in the same way; ages: first ages of their bands.
CREATE MACRO census_years(codes) AS TABLE
WITH commune AS (
    SELECT period, commune_code, list(DISTINCT age_from ORDER BY age_from) AS ages
    FROM population_age
    WHERE commune_code IN (SELECT unnest(codes)) AND regexp_full_match(period, '\d{4}')
    GROUP BY ALL
)
SELECT c.period::INTEGER AS year, count(*) AS communes, sum(coalesce(t.population, 0)) AS population,
       list_sort(list_distinct(flatten(list(c.ages)))) AS ages
FROM commune c
JOIN territory t ON t.level = 'commune' AND t.code = c.commune_code
GROUP BY c.period ORDER BY year;

-- Deaths of several years together, of the communes that have them all.
CREATE MACRO pooled_deaths(first_year, last_year) AS TABLE
WITH pooled AS (
    SELECT commune_code AS code, sum(deaths) AS deaths, count(*) AS years
    FROM civil_event
    WHERE year BETWEEN first_year AND last_year AND deaths IS NOT NULL
    GROUP BY commune_code
)
SELECT code, deaths FROM pooled WHERE years = last_year - first_year + 1 ORDER BY code;

-- Inhabitants of every commune by sex and age at one census.
CREATE MACRO population_bands(at_period) AS TABLE
SELECT commune_code AS code, sex, age_from, population
FROM population_age WHERE period = at_period
ORDER BY code, sex, age_from;

-- Producers behind the deaths and the ages of chosen communes.
CREATE MACRO mortality_sources(codes, first_year, last_year, at_period) AS TABLE
WITH used AS (
    SELECT DISTINCT source_id FROM civil_event
    WHERE commune_code IN (SELECT unnest(codes)) AND year BETWEEN first_year AND last_year
    UNION
    SELECT DISTINCT source_id FROM population_age
    WHERE commune_code IN (SELECT unnest(codes)) AND period = at_period
)
SELECT s.* FROM source s JOIN used u ON u.source_id = s.id ORDER BY s.id;
