-- Paris, Lyon and Marseille are published whole: their arrondissements stay at their own level.
INSERT INTO published
SELECT 'inscrits_france_travail', coalesce(t.level, 'commune'), f.code, f.period, f.registered,
       NULL, NULL, 'ok', NULL, 'france_travail'
FROM stg_france_travail f
LEFT JOIN territory t ON t.level = 'arm' AND t.code = f.code
WHERE f.registered IS NOT NULL;
