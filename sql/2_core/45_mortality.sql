-- Standardised rates per 100 000 by département, sex and main cause, as published.
CREATE TABLE mortality_cause AS
SELECT code AS departement_code, period, sex, cause_number, cause, rate, 'cepidc' AS source_id
FROM stg_mortalite_cause;
