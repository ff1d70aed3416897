-- Pages of a layer may overlap by a feature when the layer changes meanwhile.
CREATE TEMP VIEW stg_prodige AS
SELECT source AS source_id, code, nullif(nom, '') AS name, nullif(departement, '') AS departement_code,
       nullif(codgeo, '') AS commune_code, nullif(genre, '') AS kind, nullif(date, '') AS as_of,
       lon::DOUBLE AS lon, lat::DOUBLE AS lat, geometry::BLOB AS geometry
FROM raw_prodige
QUALIFY row_number() OVER (PARTITION BY source, code ORDER BY date DESC, lon::DOUBLE, lat::DOUBLE) = 1;
