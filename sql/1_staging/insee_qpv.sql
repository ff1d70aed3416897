CREATE TEMP VIEW stg_qpv_revenus AS
SELECT code_qp AS code, nullif(mediane, '')::DOUBLE AS median, nullif(gini, '')::DOUBLE AS gini,
       nullif(part_menages_imposes, '')::DOUBLE AS taxed_share,
       nullif(part_bas_revenus, '')::DOUBLE AS low_income_share, note
FROM raw_qpv_revenus;
