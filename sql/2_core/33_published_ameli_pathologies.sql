-- Totals of each family of pathologies, by département; a blank count is secret.
INSERT INTO published
SELECT f.indicator_id, 'departement', a.code, a.period, NULL, a.patients, a.population,
       CASE WHEN a.patients IS NULL THEN 'secret' WHEN a.population IS NULL THEN 'absent' ELSE 'ok' END,
       CASE
           WHEN a.patients IS NULL THEN 'effectif trop petit pour être diffusé'
           WHEN a.population IS NULL THEN 'population de référence absente'
       END,
       'ameli_pathologies'
FROM stg_ameli a
JOIN (VALUES
    ('diabète%', 'prevalence_diabete'),
    ('cancers%', 'prevalence_cancers'),
    ('maladies cardio%', 'prevalence_cardioneurovasculaire'),
    ('maladies psychiatriques%', 'prevalence_psychiatrique'),
    ('maladies respiratoires chroniques%', 'prevalence_respiratoire')
) f(pattern, indicator_id) ON lower(a.pathology) LIKE f.pattern;
