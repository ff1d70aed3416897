CREATE TEMP VIEW stg_cog_evenements AS
SELECT DISTINCT date::DATE AS date, type::INTEGER AS type, codgeo_avant AS old_code,
       nom_avant AS old_name, codgeo_apres AS code, nom_apres AS name
FROM raw_cog_evenements;

CREATE TEMP VIEW stg_cog_ngeo AS
SELECT codgeo AS code, siren, nom AS name, departement, epci, ept, population::DOUBLE AS population
FROM raw_cog_ngeo;
