-- Municipal population of 2022, in the communes of 2025.
INSERT INTO published
SELECT 'population_municipale', 'commune', code, '2022', population, NULL, NULL, 'ok', NULL, 'cog_ngeo'
FROM stg_cog_ngeo WHERE population IS NOT NULL;
