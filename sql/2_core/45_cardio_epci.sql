-- Standardised rates of cardio-neurovascular diseases by EPCI, one row a pathology as it is named.
CREATE TABLE cardio_epci AS
SELECT c.code AS epci_code, c.period, c.pathology, c.rate,
       if(c.rate IS NULL, 'absent', 'ok') AS state, 'odisse_cardio_epci' AS source_id
FROM stg_cardio_epci c;
