CREATE TEMP VIEW stg_fedi AS
SELECT codgeo AS code, annee AS period, nullif(nullif(fedi, ''), 'NC')::DOUBLE AS score FROM raw_fedi;
