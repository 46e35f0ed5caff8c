-- An id that occurs twice on a side belongs to nobody.
create or replace table twice_production as
select $key as key, count(*) as n from production where place = 0 and $key is not null group by 1 having count(*) > 1;

create or replace table twice_shadow as
select $key as key, count(*) as n from shadow where place = 0 and $key is not null group by 1 having count(*) > 1;
