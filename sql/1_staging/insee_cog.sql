CREATE TEMP VIEW stg_cog_communes AS
SELECT code, nom AS name, type, zone, departement, region, epci, ept, commune,
       population::BIGINT AS population
FROM raw_cog_communes;

CREATE TEMP VIEW stg_cog_groupements AS
SELECT niveau AS level, code, nom AS name, type FROM raw_cog_groupements;

CREATE TEMP VIEW stg_cog_departements AS
SELECT code, nom AS name, region, zone FROM raw_cog_departements;

CREATE TEMP VIEW stg_cog_regions AS
SELECT code, nom AS name, zone FROM raw_cog_regions;

CREATE TEMP VIEW stg_cog_passage AS
SELECT ancien_code AS old_code, code FROM raw_cog_passage;
