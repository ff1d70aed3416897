CREATE TEMP VIEW stg_qpv_communes AS
SELECT code_qp AS code, quartier AS name, codgeo AS commune_code FROM raw_qpv_communes;
