-- Pairs by equal input at about the same time: each record alone with its input for ten seconds on its own side.
create or replace table lone_production as
select
  input_id, file, spot, moment,
  coalesce(moment - lag(moment) over (partition by input_id order by moment) > 10000, true)
    and coalesce(lead(moment) over (partition by input_id order by moment) - moment > 10000, true) as lone
from production where place = 0 and input_id is not null;

create or replace table lone_shadow as
select
  input_id, file, spot, moment,
  coalesce(moment - lag(moment) over (partition by input_id order by moment) > 10000, true)
    and coalesce(lead(moment) over (partition by input_id order by moment) - moment > 10000, true) as lone
from shadow where place = 0 and input_id is not null;

create or replace table twice_production as
select input_id as key, count(*) as n from lone_production where not lone and input_id in (select input_id from lone_shadow) group by 1;

create or replace table twice_shadow as
select input_id as key, count(*) as n from lone_shadow where not lone and input_id in (select input_id from lone_production) group by 1;

create or replace table matched as
select ours.file as our_file, ours.spot as our_at, theirs.file as their_file, theirs.spot as their_at
from lone_production as ours join lone_shadow as theirs
  on ours.input_id = theirs.input_id and abs(ours.moment - theirs.moment) <= 5000
where ours.lone and theirs.lone;

create or replace view joined as
select $both
from matched
join production as ours on ours.file = our_file and ours.spot = our_at
join shadow as theirs on theirs.file = their_file and theirs.spot = their_at and theirs.place = ours.place;
