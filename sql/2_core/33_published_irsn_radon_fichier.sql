-- A commune of today has the category that all its parts share; where they differ, none is given.
INSERT INTO published
SELECT 'potentiel_radon', 'commune', coalesce(p.code, a.commune_code, r.code) AS code, r.period,
       min(r.category), NULL, NULL, 'ok', NULL, 'irsn_radon_fichier'
FROM stg_radon_fichier r
LEFT JOIN passage p ON p.old_code = r.code
LEFT JOIN territory a ON a.level = 'arm' AND a.code = r.code
GROUP BY ALL
HAVING min(r.category) = max(r.category);
