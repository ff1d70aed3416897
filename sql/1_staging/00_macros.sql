-- Words of the embedded files for geography: a commune code, DEP-95, FRANCE, FRANCE-METRO.
CREATE TEMP MACRO geo_level(codgeo) AS CASE
    WHEN codgeo LIKE 'DEP-%' THEN 'departement'
    WHEN codgeo LIKE 'FRANCE%' THEN 'france'
    ELSE 'commune'
END;

CREATE TEMP MACRO geo_code(codgeo) AS CASE
    WHEN codgeo LIKE 'DEP-%' THEN substr(codgeo, 5)
    WHEN codgeo = 'FRANCE' THEN 'FR'
    WHEN codgeo = 'FRANCE-METRO' THEN 'FM'
    ELSE codgeo
END;
