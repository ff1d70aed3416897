-- The newest edition alone, when several are there.
CREATE TEMP VIEW stg_zone AS
SELECT DISTINCT annee AS vintage, niveau AS level, code, nom AS name
FROM raw_zones_supra_communales
WHERE annee = (SELECT max(annee) FROM raw_zones_supra_communales);

CREATE TEMP VIEW stg_zone_member AS
UNPIVOT (
    SELECT codgeo AS code, arrondissement AS ARR, canton_ville AS CV, zone_emploi AS ZE2020,
           unite_urbaine AS UU2020, aire_attraction AS AAV2020, bassin_vie AS BV2012
    FROM raw_table_appartenance
    WHERE niveau = 'commune' AND annee = (SELECT max(annee) FROM raw_table_appartenance)
) ON ARR, CV, ZE2020, UU2020, AAV2020, BV2012 INTO NAME level VALUE zone_code;
