CREATE TEMP VIEW stg_finess_sites AS
SELECT nullif(finess, '') AS finess, rs AS name, nullif(categorie_code, '') AS category_code,
       categorie AS category, nullif(codgeo, '') AS commune_code, nullif(lat, '')::DOUBLE AS lat,
       nullif(lon, '')::DOUBLE AS lon, nullif(date, '') AS as_of
FROM raw_finess_sites;
