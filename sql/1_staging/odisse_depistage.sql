CREATE TEMP VIEW stg_depistage AS
SELECT codgeo AS code, annee AS period, cancer, nullif(participation, 'NC')::DOUBLE AS rate
FROM raw_depistage_departement WHERE participation <> '';
