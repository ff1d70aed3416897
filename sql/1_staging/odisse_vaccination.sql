-- A blank was not measured that year; « NC » was not communicated.
CREATE TEMP VIEW stg_vaccination AS
SELECT codgeo AS code, annee AS period, vaccine, nullif(cell, 'NC')::DOUBLE AS coverage
FROM (
    UNPIVOT raw_vaccination_departement
    ON hpv_filles_1_dose_15_ans, hpv_filles_2_doses_16_ans, hpv_garcons_1_dose_15_ans,
       hpv_garcons_2_doses_16_ans, meningocoque_c_10_14_ans, meningocoque_c_15_19_ans,
       meningocoque_c_20_24_ans, grippe_moins_65_ans_a_risque, grippe_65_ans_et_plus,
       grippe_65_74_ans, grippe_75_ans_et_plus, covid_65_ans_et_plus
    INTO NAME vaccine VALUE cell
)
WHERE cell <> '';
