CREATE TEMP VIEW stg_caf_iris AS
SELECT iris, codgeo AS code, annee AS period, note, indicator_id, nullif(cell, '')::DOUBLE AS value,
       nullif(households, '')::DOUBLE AS households
FROM (
    UNPIVOT (
        SELECT iris, codgeo, annee, note, foyers_allocataires AS households, foyers_allocataires,
               personnes_couvertes_caf, foyers_rsa, foyers_prime_activite, foyers_aide_logement
        FROM raw_caf_iris
    )
    ON foyers_allocataires, personnes_couvertes_caf, foyers_rsa, foyers_prime_activite,
       foyers_aide_logement
    INTO NAME indicator_id VALUE cell
);
