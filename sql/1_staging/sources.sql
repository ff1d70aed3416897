-- One view a raw table: rename, type, unit; nothing else.
CREATE TEMP VIEW stg_rp_iris AS
SELECT codgeo AS code, population::DOUBLE AS population, moins_20_ans::DOUBLE AS under_20,
       de_65_ans_et_plus::DOUBLE AS over_65, logements::DOUBLE AS dwellings,
       residences_secondaires::DOUBLE AS second_homes, logements_vacants::DOUBLE AS vacant
FROM raw_rp_iris;

CREATE TEMP VIEW stg_apl AS
SELECT codgeo AS code, annee AS period, apl::DOUBLE AS apl, apl_65_ans_ou_moins::DOUBLE AS apl_65
FROM raw_apl_medecins_generalistes;

CREATE TEMP VIEW stg_filosofi AS
SELECT geo_level(codgeo) AS level, geo_code(codgeo) AS code, annee AS period,
       mediane_niveau_vie::DOUBLE AS median_income, taux_pauvrete::DOUBLE AS poverty_rate
FROM raw_filosofi;

CREATE TEMP VIEW stg_diplomes AS
SELECT geo_level(codgeo) AS level, geo_code(codgeo) AS code, annee AS period,
       aucun_ou_cep::DOUBLE AS none,
       bac_2::DOUBLE + bac_3_4::DOUBLE + bac_5::DOUBLE AS higher,
       aucun_ou_cep::DOUBLE + brevet::DOUBLE + cap_bep::DOUBLE + bac::DOUBLE
           + bac_2::DOUBLE + bac_3_4::DOUBLE + bac_5::DOUBLE AS total
FROM raw_diplomes;

CREATE TEMP VIEW stg_population_age_sexe AS
SELECT codgeo AS code, age_debut::INTEGER AS age, femmes::DOUBLE AS women, hommes::DOUBLE AS men
FROM raw_population_age_sexe;

CREATE TEMP VIEW stg_population_historique AS
SELECT codgeo AS code, annee AS period, population::DOUBLE AS population
FROM raw_population_historique;

CREATE TEMP VIEW stg_etat_civil AS
SELECT codgeo AS code, annee::INTEGER AS year, naissances::DOUBLE AS births, deces::DOUBLE AS deaths
FROM raw_etat_civil;

CREATE TEMP VIEW stg_logements AS
SELECT geo_level(codgeo) AS level, geo_code(codgeo) AS code, annee AS period,
       logements::DOUBLE AS dwellings, residences_principales::DOUBLE AS main_homes,
       residences_secondaires::DOUBLE AS second_homes, vacants::DOUBLE AS vacant,
       rp_proprietaires::DOUBLE AS owners, rp_locataires_hlm::DOUBLE AS social_tenants
FROM raw_logements;

CREATE TEMP VIEW stg_deplacements AS
SELECT geo_level(codgeo) AS level, geo_code(codgeo) AS code, annee AS period,
       actifs_occupes::DOUBLE AS employed, dans_la_commune::DOUBLE AS in_commune,
       a_pied::DOUBLE + a_velo::DOUBLE AS walk_or_bike, voiture::DOUBLE AS car,
       transports_en_commun::DOUBLE AS public_transport
FROM raw_deplacements;

CREATE TEMP VIEW stg_caf AS
SELECT codgeo AS code, annee AS period, foyers_allocataires::DOUBLE AS foyers_allocataires,
       personnes_couvertes::DOUBLE AS personnes_couvertes_caf, foyers_rsa::DOUBLE AS foyers_rsa,
       foyers_prime_activite::DOUBLE AS foyers_prime_activite,
       foyers_aide_logement::DOUBLE AS foyers_aide_logement,
       foyers_allocations_familiales::DOUBLE AS foyers_allocations_familiales,
       foyers_paje::DOUBLE AS foyers_paje
FROM raw_caf;

CREATE TEMP VIEW stg_bpe AS
SELECT b.codgeo AS code, b.annee AS period, t.indicator_id, b.equipement AS type,
       b.nombre::DOUBLE AS facilities
FROM raw_bpe b LEFT JOIN raw_bpe_types t USING (equipement);

CREATE TEMP VIEW stg_qpv AS
SELECT code_qp AS code, quartier AS name, codgeo AS commune_code, origine AS origin FROM raw_qpv;

CREATE TEMP VIEW stg_radon AS
SELECT codgeo AS code, annee AS period, categorie::DOUBLE AS category FROM raw_radon;

CREATE TEMP VIEW stg_eau AS
SELECT codgeo AS code, periode AS period, prelevements::DOUBLE AS samples,
       non_conformes_microbiologie::DOUBLE AS failed_microbiology,
       non_conformes_chimie::DOUBLE AS failed_chemistry
FROM raw_eau;

CREATE TEMP VIEW stg_ips AS
SELECT codgeo AS code, uai AS item_id, nom AS name, secteur AS sector, type, ips::DOUBLE AS ips
FROM raw_ips;

CREATE TEMP VIEW stg_reference AS
SELECT indicateur AS indicator_id, annee AS period, communes::INTEGER AS communes,
       moyenne::DOUBLE AS mean, ecart_type::DOUBLE AS sd, q05::DOUBLE AS q05, q20::DOUBLE AS q20,
       q40::DOUBLE AS q40, q60::DOUBLE AS q60, q80::DOUBLE AS q80, q95::DOUBLE AS q95, base AS basis
FROM raw_reference;
