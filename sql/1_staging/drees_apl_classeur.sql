-- Workbooks of successive editions repeat years: the newest edition of each figure is kept.
CREATE TEMP VIEW stg_apl_classeur AS
SELECT profession, codgeo AS code, annee AS period, etat AS state, apl::DOUBLE AS apl,
       apl_65_ans_ou_moins::DOUBLE AS apl_65, population_standardisee::DOUBLE AS standardised,
       population_totale::DOUBLE AS inhabitants
FROM raw_apl_classeur
QUALIFY row_number() OVER (PARTITION BY profession, codgeo, annee ORDER BY classeur DESC) = 1;
