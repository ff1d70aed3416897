-- The site's own export passes before the extract of the same figure.
INSERT INTO published
SELECT 'part_eloignee_soins_proximite', 'commune', code, period, share, NULL, NULL, 'ok', NULL,
       'observatoire_territoires'
FROM (
    SELECT code, period, value AS share, 1 AS rank FROM stg_geoclip
    WHERE name LIKE '%part_pop_eloigne_soin%' AND regexp_full_match(code, '[0-9][0-9AB][0-9]{3}')
      AND period <> ''
    UNION ALL
    SELECT code, period, share, 2 FROM stg_acces_sante
)
WHERE share IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY code, period ORDER BY rank) = 1;
