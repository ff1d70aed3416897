CREATE TEMP VIEW stg_acces_sante AS
SELECT codgeo AS code, annee AS period, nullif(part_eloignee, '')::DOUBLE AS share
FROM raw_acces_sante;

-- Exports of Géoclip: one row a territory and year, the indicator as the site names it.
CREATE TEMP VIEW stg_geoclip AS
SELECT source AS source_id, codgeo AS code, nom AS territory, annee AS period, indicateur AS name,
       nullif(valeur, '')::DOUBLE AS value, nullif(classe, '') AS class, etat AS state
FROM raw_geoclip;
