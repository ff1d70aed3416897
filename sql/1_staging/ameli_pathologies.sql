CREATE TEMP VIEW stg_ameli AS
SELECT codgeo AS code, annee AS period, pathologie AS pathology,
       nullif(nullif(effectif, ''), 'NS')::DOUBLE AS patients,
       nullif(nullif(population, ''), 'NS')::DOUBLE AS population
FROM raw_ameli_effectifs;
