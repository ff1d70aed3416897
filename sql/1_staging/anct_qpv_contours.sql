CREATE TEMP VIEW stg_qpv_contours AS
SELECT code_qp AS code, quartier AS name, geometry::BLOB AS geometry FROM raw_qpv_contours;
