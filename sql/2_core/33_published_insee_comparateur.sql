-- RP 2018 and births of 2013-2017. Paris, Lyon, Marseille come twice in the file: the city at its
-- level, its arrondissements at theirs, so that nothing is added to itself.
CREATE TEMP TABLE comparateur AS
SELECT c.*, coalesce(t.level, 'commune') AS level
FROM stg_comparateur c LEFT JOIN territory t ON t.level = 'arm' AND t.code = c.code;

INSERT INTO published
SELECT o.indicator_id, level, code, o.period, o.value, NULL, NULL, 'ok', NULL, 'insee_comparateur'
FROM comparateur, unnest([
    {indicator_id: 'population_municipale', period: period, value: population},
    {indicator_id: 'naissances', period: (period::INTEGER - 5) || '-' || (period::INTEGER - 1), value: births},
    {indicator_id: 'deces', period: (period::INTEGER - 5) || '-' || (period::INTEGER - 1), value: deaths}
]) AS t(o)
WHERE o.value IS NOT NULL;

INSERT INTO published
SELECT o.indicator_id, level, code, period, NULL, o.numerator, o.denominator, 'ok', NULL,
       'insee_comparateur'
FROM comparateur, unnest([
    {indicator_id: 'part_logements_vacants', numerator: vacant, denominator: dwellings},
    {indicator_id: 'part_residences_secondaires', numerator: second_homes, denominator: dwellings},
    {indicator_id: 'part_proprietaires', numerator: owners, denominator: main_homes},
    {indicator_id: 'taux_chomage_15_64', numerator: unemployed, denominator: active}
]) AS t(o)
WHERE o.numerator IS NOT NULL AND o.denominator IS NOT NULL;

-- Filosofi 2019: a blank within the survey is a secret; out of it there is no row at all.
INSERT INTO published
SELECT o.indicator_id, level, code, income_period, o.value, NULL, NULL,
       if(o.value IS NULL, 'secret', 'ok'),
       if(o.value IS NULL, 'secret statistique', NULL), 'insee_comparateur'
FROM comparateur, unnest([
    {indicator_id: 'mediane_niveau_vie', value: median_income},
    {indicator_id: 'taux_pauvrete', value: poverty_rate}
]) AS t(o)
WHERE in_income_survey;
