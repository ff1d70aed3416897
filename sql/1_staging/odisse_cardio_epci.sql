CREATE TEMP VIEW stg_cardio_epci AS
SELECT codgeo AS code, annee AS period, pathologie AS pathology,
       nullif(nullif(taux_standardise, ''), 'NC')::DOUBLE AS rate
FROM raw_cardio_epci;
