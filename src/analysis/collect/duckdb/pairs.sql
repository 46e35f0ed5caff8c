-- Pairs by an id that both records carry. An id that occurs twice on a side belongs to nobody.
create or replace temp table twice_production as
select $key as key, count(*) as n from production where $usable and $key is not null group by 1 having count(*) > 1;

create or replace temp table twice_shadow as
select $key as key, count(*) as n from shadow where $usable and $key is not null group by 1 having count(*) > 1;

create temp table pair as
select
  ours.$key as key, ours.moment, ours.inference_id, ours.feature_id, ours.file_id, ours.row_inputs,
  ours.labels as our_labels, theirs.labels as their_labels, ours.numbers as our_numbers, theirs.numbers as their_numbers
from (from production where $usable) as ours
join (from shadow where $usable) as theirs using ($key)
where not exists (from twice_production as twice where twice.key = ours.$key)
  and not exists (from twice_shadow as twice where twice.key = ours.$key);
