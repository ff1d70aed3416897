-- Two files may give the same figure (communes of 2019, say): a value rather than a secret.
INSERT INTO published
SELECT indicator_id, level, code, period, max(value), NULL, NULL,
       if(max(value) IS NULL, 'secret', 'ok'),
       if(max(value) IS NULL, 'secret statistique', NULL), 'insee_filosofi_fichiers'
FROM stg_filosofi_fichiers
GROUP BY indicator_id, level, code, period;
