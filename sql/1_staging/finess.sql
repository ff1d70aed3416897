CREATE TEMP VIEW stg_finess_sites AS
SELECT nullif(finess, '') AS finess, rs AS name, nullif(categorie_code, '') AS category_code,
       categorie AS category, coalesce(nullif(codgeo, ''), nullif(codgeo_contour, '')) AS commune_code,
       CASE WHEN codgeo <> '' THEN 'code' WHEN codgeo_contour <> '' THEN 'contour' END AS commune_by,
       nullif(lat, '')::DOUBLE AS lat,
       nullif(lon, '')::DOUBLE AS lon, nullif(date, '') AS as_of
FROM raw_finess_sites;
