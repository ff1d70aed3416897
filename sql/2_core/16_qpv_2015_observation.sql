-- Every figure of the quartiers of 2015 that the files hold, as Insee names it.
CREATE TABLE qpv_2015_observation (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    edition TEXT NOT NULL,
    variable TEXT NOT NULL,
    value DOUBLE,
    state TEXT NOT NULL,
    reason TEXT,
    source_id TEXT NOT NULL,
    PRIMARY KEY (code, edition, variable)
);

INSERT INTO qpv_2015_observation
SELECT code, name, '2022', variable, nullif(cell, '')::DOUBLE,
       CASE WHEN cell <> '' THEN 'ok' WHEN note <> '' THEN 'secret' ELSE 'absent' END,
       CASE
           WHEN cell <> '' THEN NULL
           WHEN note <> '' THEN 'non diffusé par le producteur (note ' || note || ')'
           ELSE 'blanc que le fichier n''explique pas'
       END,
       'insee_qpv_2015'
FROM stg_qpv_2015;
