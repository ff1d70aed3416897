-- The fourth quarter stands for its year.
CREATE TEMP VIEW stg_france_travail AS
SELECT codgeo AS code, left(date, 4) AS period, nullif(inscrits, '')::DOUBLE AS registered
FROM raw_france_travail;
