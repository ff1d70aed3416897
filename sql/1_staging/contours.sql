CREATE TEMP VIEW stg_contours AS
SELECT level, codgeo AS code, geometry, lon, lat FROM raw_contours;
