INSERT INTO published
SELECT 'participation_depistage_' || cancer, 'departement', code, period, rate, NULL, NULL,
       if(rate IS NULL, 'absent', 'ok'), if(rate IS NULL, 'non communiqué', NULL),
       'odisse_depistage'
FROM stg_depistage WHERE cancer IN ('sein', 'colorectal');
