-- Proposed content of sql/1_staging/contours.sql: an official outline replaces the package's for the
-- same code; the service's (today's communes) comes first, then the newest file.
CREATE TEMP VIEW stg_contours AS
WITH every AS (
    SELECT level, codgeo AS code, geometry, lon, lat, 0 AS priority, '' AS cog FROM raw_contours
    UNION ALL
    SELECT level, codgeo, geometry::BLOB, lon::DOUBLE, lat::DOUBLE, 10, cog FROM raw_contours_ign
    UNION ALL
    SELECT level, codgeo, geometry::BLOB, lon::DOUBLE, lat::DOUBLE, 20, '' FROM raw_geo_api_contours
)
SELECT level, code, geometry, lon, lat FROM every
QUALIFY row_number() OVER (
    PARTITION BY level, code ORDER BY priority DESC, cog DESC, octet_length(geometry) DESC
) = 1;
