-- The same membership may come from several files.
CREATE TEMP VIEW stg_banatic_membres AS
SELECT siren AS code, any_value(nom) AS name, any_value(nature) AS type,
       membre_siren AS member_siren
FROM raw_banatic_membres GROUP BY siren, membre_siren;

CREATE TEMP VIEW stg_banatic_groupements AS
SELECT DISTINCT siren AS code, nom AS name, nature AS type FROM raw_banatic_groupements;
