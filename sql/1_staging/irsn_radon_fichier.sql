CREATE TEMP VIEW stg_radon_fichier AS
SELECT codgeo AS code, annee AS period, categorie::DOUBLE AS category FROM raw_radon_fichier;

CREATE TEMP VIEW stg_lignes_refusees AS
SELECT source AS source_id, ligne::INTEGER AS line, code, libelle AS label, raison AS reason
FROM raw_lignes_refusees;
