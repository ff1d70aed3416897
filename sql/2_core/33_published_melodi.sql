-- Figures published as they are, each level its own: medians, deciles, poverty rates, populations.
INSERT INTO published
SELECT i.indicator_id, m.level, m.code, m.period, m.value, NULL, NULL, m.state,
       if(m.state = 'secret', 'secret statistique', NULL), m.source_id
FROM stg_melodi m
JOIN (VALUES
    ('mediane_niveau_vie', 'melodi_filosofi', 'mediane_niveau_vie'),
    ('taux_pauvrete', 'melodi_filosofi', 'taux_pauvrete'),
    ('premier_decile_niveau_vie', 'melodi_filosofi', 'premier_decile'),
    ('rapport_interdecile', 'melodi_filosofi', 'rapport_interdecile'),
    ('population_municipale', 'melodi_populations', 'population_municipale')
) AS i(indicator_id, source_id, measure) USING (source_id, measure)
WHERE m.state <> 'absent';

-- Ratios: sums of counts over sums of counts, where every part is known. An EPCI is left to its
-- communes of today: its composition in the file may be another year's.
INSERT INTO published
WITH ratio(indicator_id, source_id, top, bottom) AS (VALUES
    ('part_moins_20_ans', 'melodi_rp_population', ['moins_20_ans'], ['population']),
    ('part_65_ans_et_plus', 'melodi_rp_population', ['de_65_ans_et_plus'], ['population']),
    ('indice_vieillissement', 'melodi_rp_population', ['de_65_ans_et_plus'], ['moins_20_ans']),
    ('part_ouvriers', 'melodi_rp_population', ['ouvriers'],
     ['agriculteurs', 'artisans', 'cadres', 'professions_intermediaires', 'employes', 'ouvriers']),
    ('part_employes', 'melodi_rp_population', ['employes'],
     ['agriculteurs', 'artisans', 'cadres', 'professions_intermediaires', 'employes', 'ouvriers']),
    ('part_cadres', 'melodi_rp_population', ['cadres'],
     ['agriculteurs', 'artisans', 'cadres', 'professions_intermediaires', 'employes', 'ouvriers']),
    ('part_sans_diplome', 'melodi_rp_diplomes', ['aucun_ou_cep'],
     ['aucun_ou_cep', 'brevet', 'cap_bep', 'bac', 'bac_2', 'bac_3_4', 'bac_5']),
    ('part_diplome_superieur', 'melodi_rp_diplomes', ['bac_2', 'bac_3_4', 'bac_5'],
     ['aucun_ou_cep', 'brevet', 'cap_bep', 'bac', 'bac_2', 'bac_3_4', 'bac_5']),
    ('taux_chomage_15_64', 'melodi_rp_emploi', ['chomeurs_15_64'], ['actifs_15_64']),
    ('part_familles_monoparentales', 'melodi_rp_familles', ['peres_seuls', 'meres_seules'],
     ['familles']),
    ('part_logements_vacants', 'melodi_rp_logement', ['vacants'], ['logements']),
    ('part_residences_secondaires', 'melodi_rp_logement', ['residences_secondaires'],
     ['logements']),
    ('part_locataires_hlm', 'melodi_rp_logement', ['rp_locataires_hlm'],
     ['residences_principales']),
    ('part_proprietaires', 'melodi_rp_logement', ['rp_proprietaires'], ['residences_principales']),
    ('part_menages_sans_voiture', 'melodi_rp_logement', ['rp_sans_voiture'],
     ['residences_principales']),
    ('part_residences_suroccupees', 'melodi_rp_logement',
     ['rp_suroccupation_forte', 'rp_suroccupation_moderee'], ['rp_peuplement_connu'])
),
sides AS (
    SELECT r.indicator_id, r.source_id, m.level, m.code, m.period,
           sum(m.value) FILTER (list_contains(r.top, m.measure)) AS numerator,
           sum(m.value) FILTER (list_contains(r.bottom, m.measure)) AS denominator,
           count(*) FILTER (m.state = 'ok' AND list_contains(r.top, m.measure)) = len(any_value(r.top))
               AND count(*) FILTER (m.state = 'ok' AND list_contains(r.bottom, m.measure))
                   = len(any_value(r.bottom)) AS complete,
           bool_or(m.state = 'secret') AS secret
    FROM ratio r
    JOIN stg_melodi m ON m.source_id = r.source_id
        AND (list_contains(r.top, m.measure) OR list_contains(r.bottom, m.measure))
    WHERE m.level <> 'epci'
    GROUP BY r.indicator_id, r.source_id, m.level, m.code, m.period
)
SELECT indicator_id, level, code, period, NULL, if(complete, numerator, NULL),
       if(complete, denominator, NULL), if(complete, 'ok', 'secret'),
       if(complete, NULL, 'secret statistique'), source_id
FROM sides WHERE complete OR secret;

-- Five-year ages, by sex, for all the country.
INSERT INTO published
SELECT 'part_75_ans_et_plus', level, code, period, NULL, sum(value) FILTER (age >= 75), sum(value), 'ok',
       NULL, 'melodi_population_age'
FROM stg_melodi_population_age
WHERE level IN ('commune', 'departement', 'region') OR code = 'FM'
GROUP BY level, code, period
HAVING count(*) = 40;

-- The change of population that the embedded file gives for two départements, for all.
INSERT INTO published
SELECT 'evolution_population', 'commune', code, '2015-2023', NULL,
       max(value) FILTER (period = '2023') - max(value) FILTER (period = '2015'),
       max(value) FILTER (period = '2015'), 'ok', NULL, 'melodi_populations'
FROM stg_melodi
WHERE source_id = 'melodi_populations' AND measure = 'population_historique'
  AND level = 'commune' AND state = 'ok' AND period IN ('2015', '2023')
GROUP BY code
HAVING count(*) = 2;

-- Births and deaths of the last five years, and the population of the middle one.
INSERT INTO published
WITH event AS (
    SELECT code, period::INTEGER AS year, measure, value
    FROM stg_melodi
    WHERE source_id = 'melodi_etat_civil' AND level = 'commune' AND state = 'ok'
),
newest AS (
    SELECT min(year) AS year FROM (SELECT measure, max(year) AS year FROM event GROUP BY measure)
    HAVING count(*) = 2
),
pooled AS (
    SELECT e.code, n.year, sum(value) FILTER (measure = 'naissances') AS births,
           sum(value) FILTER (measure = 'deces') AS deaths
    FROM event e, newest n
    WHERE e.year BETWEEN n.year - 4 AND n.year
    GROUP BY ALL
    HAVING count(*) FILTER (measure = 'naissances') = 5 AND count(*) FILTER (measure = 'deces') = 5
),
middle AS (
    SELECT code, period, value AS population, 1 AS rank FROM stg_melodi
    WHERE source_id = 'melodi_populations' AND measure = 'population_historique'
      AND level = 'commune' AND state = 'ok'
    UNION ALL
    SELECT code, period, population, 2 FROM stg_population_historique
    UNION ALL
    SELECT code, '2023', population, 3 FROM stg_cog_communes WHERE type = 'com'
),
known AS (
    SELECT p.*, arg_min(m.population, m.rank) AS population
    FROM pooled p LEFT JOIN middle m ON m.code = p.code AND m.period = (p.year - 2)::TEXT
    GROUP BY ALL
)
SELECT o.indicator_id, 'commune', code, (year - 4) || '-' || year, o.value, o.numerator,
       o.denominator, 'ok', NULL, 'melodi_etat_civil'
FROM known, unnest([
    {indicator_id: 'naissances', value: births, numerator: NULL, denominator: NULL},
    {indicator_id: 'deces', value: deaths, numerator: NULL, denominator: NULL},
    {indicator_id: 'taux_natalite', value: NULL, numerator: births, denominator: 5 * population}
]) AS t(o)
WHERE o.indicator_id <> 'taux_natalite' OR population IS NOT NULL;
