INSERT INTO published
SELECT 'couverture_' || vaccine, 'departement', code, period, coverage, NULL, NULL,
       if(coverage IS NULL, 'absent', 'ok'), if(coverage IS NULL, 'non communiqué', NULL),
       'odisse_vaccination'
FROM stg_vaccination;
