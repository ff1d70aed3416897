-- Main causes as published, both sexes together, by département alone.
INSERT INTO published
SELECT c.indicator_id, 'departement', m.code, m.period, m.rate, NULL, NULL,
       if(m.rate IS NULL, 'absent', 'ok'), if(m.rate IS NULL, 'non publié par le CépiDc', NULL),
       'cepidc'
FROM stg_mortalite_cause m
JOIN (VALUES
    (2, 'mortalite_tumeurs'),
    (4, 'mortalite_maladies_endocriniennes'),
    (5, 'mortalite_troubles_mentaux'),
    (6, 'mortalite_systeme_nerveux'),
    (7, 'mortalite_appareil_circulatoire'),
    (8, 'mortalite_appareil_respiratoire'),
    (9, 'mortalite_appareil_digestif'),
    (17, 'mortalite_causes_externes')
) c(cause_number, indicator_id) USING (cause_number)
WHERE m.sex = 'ensemble';

-- The file has no total. Rates standardised on one same population add up over causes that exclude
-- one another: the 18 main causes make all deaths, within the rounding of each.
INSERT INTO published
SELECT s.indicator_id, 'departement', m.code, m.period, sum(m.rate), NULL, NULL, 'approx',
       'somme de 18 causes publiées, arrondies chacune à 0,1', 'cepidc'
FROM stg_mortalite_cause m
JOIN (VALUES
    ('ensemble', 'taux_mortalite_standardise'),
    ('hommes', 'taux_mortalite_standardise_hommes'),
    ('femmes', 'taux_mortalite_standardise_femmes')
) s(sex, indicator_id) USING (sex)
GROUP BY ALL
HAVING count(m.rate) = 18;
