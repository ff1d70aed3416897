CREATE TEMP VIEW stg_mortalite_cause AS
SELECT codgeo AS code, annee AS period, sexe AS sex, cause_numero::INTEGER AS cause_number, cause,
       nullif(taux, '')::DOUBLE AS rate
FROM raw_mortalite_cause;
