INSERT INTO published
SELECT 'population_municipale', 'commune', code, '2023', population, NULL, NULL, 'ok', NULL, 'insee_cog'
FROM stg_cog_communes WHERE type = 'com' AND population IS NOT NULL;

INSERT INTO published
SELECT 'evolution_population', 'commune', code, '2015-2023', NULL,
       max(population) FILTER (period = '2023') - max(population) FILTER (period = '2015'),
       max(population) FILTER (period = '2015'), 'ok', NULL, 'insee_populations_historiques'
FROM stg_population_historique
GROUP BY code
HAVING count(*) FILTER (period IN ('2015', '2023')) = 2;

-- Three ages and dwellings of the whole country, RP 2021.
INSERT INTO published
SELECT o.indicator_id, 'commune', code, '2021', NULL, o.numerator, o.denominator, 'ok', NULL, 'insee_rp_iris'
FROM stg_rp_iris, unnest([
    {indicator_id: 'part_moins_20_ans', numerator: under_20, denominator: population},
    {indicator_id: 'part_65_ans_et_plus', numerator: over_65, denominator: population},
    {indicator_id: 'indice_vieillissement', numerator: over_65, denominator: under_20},
    {indicator_id: 'part_logements_vacants', numerator: vacant, denominator: dwellings},
    {indicator_id: 'part_residences_secondaires', numerator: second_homes, denominator: dwellings}
]) AS t(o);

-- Five-year ages with sex, RP 2023, where they are loaded.
INSERT INTO published
WITH band AS (
    SELECT code, sum(women + men) AS population,
           sum(women + men) FILTER (age < 20) AS under_20,
           sum(women + men) FILTER (age >= 65) AS over_65,
           sum(women + men) FILTER (age >= 75) AS over_75
    FROM stg_population_age_sexe GROUP BY code
)
SELECT o.indicator_id, 'commune', code, '2023', NULL, o.numerator, o.denominator, 'ok', NULL,
       'insee_rp_population'
FROM band, unnest([
    {indicator_id: 'part_moins_20_ans', numerator: under_20, denominator: population},
    {indicator_id: 'part_65_ans_et_plus', numerator: over_65, denominator: population},
    {indicator_id: 'part_75_ans_et_plus', numerator: over_75, denominator: population},
    {indicator_id: 'indice_vieillissement', numerator: over_65, denominator: under_20}
]) AS t(o);

-- Births and deaths pooled over the last five years; 2023 is the middle year.
INSERT INTO published
WITH pooled AS (
    SELECT code, sum(births) AS births, sum(deaths) AS deaths
    FROM stg_etat_civil WHERE year BETWEEN 2021 AND 2025
    GROUP BY code HAVING count(*) = 5
)
SELECT o.indicator_id, 'commune', p.code, '2021-2025', o.value, o.numerator, o.denominator, 'ok',
       NULL, 'insee_etat_civil'
FROM pooled p
LEFT JOIN stg_population_historique h ON h.code = p.code AND h.period = '2023',
unnest([
    {indicator_id: 'naissances', value: births, numerator: NULL, denominator: NULL},
    {indicator_id: 'deces', value: deaths, numerator: NULL, denominator: NULL},
    {indicator_id: 'taux_natalite', value: NULL, numerator: births, denominator: 5 * h.population}
]) AS t(o);

INSERT INTO published
SELECT o.indicator_id, level, code, period, NULL, o.numerator, total, 'ok', NULL, 'insee_rp_diplomes'
FROM stg_diplomes, unnest([
    {indicator_id: 'part_sans_diplome', numerator: none},
    {indicator_id: 'part_diplome_superieur', numerator: higher}
]) AS t(o);

INSERT INTO published
SELECT o.indicator_id, level, code, period, NULL, o.numerator, o.denominator, 'ok', NULL,
       'insee_rp_logements'
FROM stg_logements, unnest([
    {indicator_id: 'part_logements_vacants', numerator: vacant, denominator: dwellings},
    {indicator_id: 'part_residences_secondaires', numerator: second_homes, denominator: dwellings},
    {indicator_id: 'part_locataires_hlm', numerator: social_tenants, denominator: main_homes},
    {indicator_id: 'part_proprietaires', numerator: owners, denominator: main_homes}
]) AS t(o);

INSERT INTO published
SELECT o.indicator_id, level, code, period, NULL, o.numerator, employed, 'ok', NULL,
       'insee_rp_deplacements'
FROM stg_deplacements, unnest([
    {indicator_id: 'part_trajets_voiture', numerator: car},
    {indicator_id: 'part_trajets_transports_en_commun', numerator: public_transport},
    {indicator_id: 'part_trajets_marche_velo', numerator: walk_or_bike},
    {indicator_id: 'part_travail_commune', numerator: in_commune}
]) AS t(o);

-- A blank of Filosofi is a secret, whatever the column.
INSERT INTO published
SELECT o.indicator_id, level, code, period, o.value, NULL, NULL,
       if(o.value IS NULL, 'secret', 'ok'),
       if(o.value IS NULL, 'secret statistique', NULL), 'insee_filosofi'
FROM stg_filosofi, unnest([
    {indicator_id: 'mediane_niveau_vie', value: median_income},
    {indicator_id: 'taux_pauvrete', value: poverty_rate}
]) AS t(o);

-- BPE: professionals and pharmacies per 10 000 inhabitants, structures as numbers.
INSERT INTO published
SELECT b.indicator_id, 'commune', b.code, b.period,
       if(i.kind = 'count', b.facilities, NULL), if(i.kind = 'ratio', b.facilities, NULL),
       if(i.kind = 'ratio', c.population, NULL), 'ok', NULL, 'insee_bpe'
FROM stg_bpe b
JOIN indicator i ON i.id = b.indicator_id
JOIN stg_cog_communes c ON c.type = 'com' AND c.code = b.code;
