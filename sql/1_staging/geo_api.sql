CREATE TEMP VIEW stg_geo_api_communes AS
SELECT codgeo AS code, nom AS name, departement, region, epci, siren,
       population::BIGINT AS population, string_split(anciens_codes, ' ') AS former_codes
FROM raw_geo_api_communes;

CREATE TEMP VIEW stg_geo_api_epci AS
SELECT codgeo AS code, nom AS name, population::BIGINT AS population FROM raw_geo_api_epci;
