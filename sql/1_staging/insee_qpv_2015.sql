-- One row a quartier of 2015 and figure, with the note that goes with it.
CREATE TEMP VIEW stg_qpv_2015 AS
SELECT code_qp AS code, quartier AS name, variable, cell,
       if(variable IN ('foyers_allocataires', 'personnes_couvertes_caf', 'enfants_couverts_caf'),
          note_cnaf, note_recensement) AS note
FROM (UNPIVOT raw_qpv_2015_demographie ON population_municipale, part_femmes, part_moins_25_ans,
      part_60_ans_et_plus, indice_jeunesse, part_menages_1_personne,
      part_menages_6_personnes_et_plus, part_etrangers, foyers_allocataires,
      personnes_couvertes_caf, enfants_couverts_caf INTO NAME variable VALUE cell)
UNION ALL
SELECT code_qp, quartier, variable, cell,
       CASE
           WHEN variable LIKE 'foyers_%' THEN note_cnaf
           WHEN variable LIKE 'assures_%' OR variable LIKE 'beneficiaires_%' THEN note_cnam
           ELSE note_filosofi
       END
FROM (UNPIVOT raw_qpv_2015_revenus ON part_menages_imposes, mediane_revenu_declare,
      part_bas_revenus_declares, mediane_niveau_vie, taux_pauvrete, part_revenus_activite,
      part_pensions, part_prestations_sociales, assures_maladie,
      beneficiaires_css_sans_participation, beneficiaires_css_avec_participation,
      foyers_prime_activite, foyers_rsa, foyers_aah INTO NAME variable VALUE cell)
UNION ALL
-- The file has no note for what comes from the census.
SELECT code_qp, quartier, variable, cell,
       if(variable LIKE 'demandeurs_%', note_france_travail, '')
FROM (UNPIVOT raw_qpv_2015_insertion ON taux_emploi, taux_emploi_femmes,
      part_emplois_duree_limitee, demandeurs_emploi_abc, demandeurs_emploi_abc_femmes,
      demandeurs_emploi_abc_hommes, demandeurs_emploi_abc_rsa,
      demandeurs_emploi_abc_moins_25_ans, demandeurs_emploi_abc_50_ans_et_plus
      INTO NAME variable VALUE cell);

-- Communes of a quartier by name, one text; the département is in the code of the quartier.
CREATE TEMP VIEW stg_qpv_2015_place AS
SELECT DISTINCT code_qp AS code, quartier AS name, commune AS communes,
       if(code_qp[3] = '0', code_qp[4:5], code_qp[3:5]) AS departement_code
FROM raw_qpv_2015_demographie;
