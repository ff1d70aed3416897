-- Cards, validated before the build, carried with the figures.
CREATE TABLE indicator AS SELECT * FROM raw_indicator;
CREATE TABLE source AS SELECT * FROM raw_source;
