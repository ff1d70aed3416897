CREATE TEMP VIEW stg_atlasante_geographie AS
SELECT codgeo AS code, code_actuel AS current_code, nullif(tds, '') AS zone_code, tds_nom AS zone_name,
       coalesce(nullif(tds_millesime, ''), 'non précisé') AS vintage
FROM raw_atlasante_geographie;

-- Ages and sexes that are plainly told; the rest is left.
CREATE TEMP VIEW stg_atlasante_populations AS
SELECT codgeo AS code, annee AS period,
       CASE WHEN sexe IN ('1', 'H', 'M') THEN 'M' WHEN sexe IN ('2', 'F') THEN 'F' END AS sex,
       try_cast(regexp_extract(age, '^(\d+)$', 1) AS INTEGER) AS age, nullif(population, '')::DOUBLE AS value
FROM raw_atlasante_populations;
