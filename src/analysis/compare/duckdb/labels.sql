-- name: cells
create or replace table label_cell as
select our_label as ours, their_label as theirs, count(*) as n, count(d) as numbers from compared group by 1, 2;
-- name: agreement
select
  coalesce(sum(n) filter (classes), 0)::double as rows, coalesce(sum(n) filter (classes and ours = theirs), 0)::double as agree,
  coalesce(sum(numbers) filter (not classes), 0)::double as bare
from (select *, ours is not null and theirs is not null as classes from label_cell);
-- name: classes
create or replace table label_class as
with side as (
  select ours as label, n as p, 0 as q from label_cell where ours is not null and theirs is not null
  union all
  select theirs, 0, n from label_cell where ours is not null and theirs is not null
)
select label, sum(p)::double as p, sum(q)::double as q from side group by label;
-- name: chance
select count(*)::double as classes, sum(p * q) / ($rows * $rows) as chance from label_class;
-- name: commonest
create or replace table commonest as
select label from label_class order by p + q desc, try_cast(label as double) nulls last, label limit $shown;
-- name: shown
select label from commonest;
-- name: table
-- What is not among the commonest stands together; no label is empty.
select
  if(ours in (from commonest), ours, '') as ours, if(theirs in (from commonest), theirs, '') as theirs, sum(n)::double as count
from label_cell where ours is not null and theirs is not null group by 1, 2;
