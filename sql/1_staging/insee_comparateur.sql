-- Filosofi 2019 covers métropole, Martinique and La Réunion: elsewhere a blank is no secret.
-- Distinct: the zip and the csv in it may both be dropped.
CREATE TEMP VIEW stg_comparateur AS
SELECT DISTINCT codgeo AS code, annee_recensement AS period, annee_revenus AS income_period,
       population::DOUBLE AS population, naissances_5_ans::DOUBLE AS births,
       deces_5_ans::DOUBLE AS deaths, naissances_annee::DOUBLE AS births_of_year,
       deces_annee::DOUBLE AS deaths_of_year, logements::DOUBLE AS dwellings,
       residences_principales::DOUBLE AS main_homes,
       residences_secondaires::DOUBLE AS second_homes, logements_vacants::DOUBLE AS vacant,
       rp_proprietaires::DOUBLE AS owners, mediane_niveau_vie::DOUBLE AS median_income,
       taux_pauvrete::DOUBLE AS poverty_rate, chomeurs_15_64_ans::DOUBLE AS unemployed,
       actifs_15_64_ans::DOUBLE AS active,
       left(codgeo, 3) NOT IN ('971', '973', '976') AND coalesce(population::DOUBLE, 0) > 0
           AS in_income_survey
FROM raw_comparateur;
