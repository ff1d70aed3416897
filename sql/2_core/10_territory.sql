-- Territories of every level, and the one table through which all aggregation goes.
CREATE TABLE territory (
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT,
    departement_code TEXT,
    region_code TEXT,
    epci_code TEXT,
    ept_code TEXT,
    commune_code TEXT,
    population BIGINT,
    lon DOUBLE,
    lat DOUBLE,
    PRIMARY KEY (level, code)
);

CREATE TABLE territory_member (
    parent_level TEXT NOT NULL,
    parent_code TEXT NOT NULL,
    commune_code TEXT NOT NULL,
    PRIMARY KEY (parent_level, parent_code, commune_code)
);

INSERT INTO territory
SELECT if(c.type = 'arm', 'arm', 'commune'), c.code, c.name, c.zone, c.departement, c.region,
       c.epci, c.ept, c.commune, c.population, g.lon, g.lat
FROM stg_cog_communes c
LEFT JOIN stg_contours g
    ON g.level = if(c.type = 'arm', 'arm', 'commune') AND g.code = c.code;

-- « France » is métropole and the five overseas départements; « FM » is métropole alone.
INSERT INTO territory_member
SELECT 'commune', code, code FROM stg_cog_communes WHERE type = 'com'
UNION ALL
SELECT 'epci', epci, code FROM stg_cog_communes WHERE type = 'com' AND epci IS NOT NULL
UNION ALL
SELECT 'ept', ept, code FROM stg_cog_communes WHERE type = 'com' AND ept IS NOT NULL
UNION ALL
SELECT 'departement', departement, code FROM stg_cog_communes WHERE type = 'com'
UNION ALL
SELECT 'region', region, code FROM stg_cog_communes WHERE type = 'com'
UNION ALL
SELECT 'france', 'FR', code FROM stg_cog_communes WHERE type = 'com' AND zone IN ('metro', 'drom')
UNION ALL
SELECT 'france', 'FM', code FROM stg_cog_communes WHERE type = 'com' AND zone = 'metro'
UNION ALL
SELECT DISTINCT 'qpv', q.code, coalesce(p.code, q.commune_code)
FROM stg_qpv q LEFT JOIN stg_cog_passage p ON p.old_code = q.commune_code;

-- A grouping's population is the sum of its communes; its département is where most people live.
INSERT INTO territory
WITH named AS (
    SELECT level, code, name, type FROM stg_cog_groupements
    UNION ALL
    SELECT 'departement', code, name, zone FROM stg_cog_departements
    UNION ALL
    SELECT 'region', code, name, zone FROM stg_cog_regions
    UNION ALL
    SELECT 'france', 'FR', 'France', 'pays'
    UNION ALL
    SELECT 'france', 'FM', 'France métropolitaine', 'pays'
),
part AS (
    SELECT m.parent_level AS level, m.parent_code AS code, t.departement_code, t.region_code,
           sum(t.population) AS population
    FROM territory_member m JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code
    GROUP BY ALL
),
whole AS (
    SELECT level, code, sum(population) AS population,
           arg_max(departement_code, (population, departement_code)) AS departement_code,
           arg_max(region_code, (population, departement_code)) AS region_code
    FROM part GROUP BY ALL
)
SELECT n.level, n.code, n.name, n.type,
       if(n.level IN ('region', 'france'), NULL, w.departement_code),
       if(n.level = 'france', NULL, w.region_code),
       NULL, NULL, NULL, w.population, NULL, NULL
FROM named n LEFT JOIN whole w USING (level, code);

-- The population of a quartier is not known here: it is never that of its communes.
INSERT INTO territory
SELECT 'qpv', q.code, any_value(q.name), 'QP2024',
       arg_min(t.departement_code, t.code), arg_min(t.region_code, t.code),
       NULL, NULL, NULL, NULL, NULL, NULL
FROM stg_qpv q
JOIN territory_member m ON m.parent_level = 'qpv' AND m.parent_code = q.code
JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code
GROUP BY q.code;

CREATE TABLE territory_geometry AS
SELECT g.level, g.code, g.geometry
FROM stg_contours g JOIN territory t USING (level, code);

-- Coarser contours, for a map of the whole country; the build fills it, once contours are known.
CREATE TABLE territory_sketch (
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    geometry BLOB NOT NULL,
    PRIMARY KEY (level, code)
);

-- Former commune codes and the commune that holds them today.
CREATE TABLE passage AS SELECT old_code, code FROM stg_cog_passage;
