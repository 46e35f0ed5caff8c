-- How the labels of both models agree; a million different labels are counted here.

-- name: tables
create or replace table label_cell as
select production_label as production, shadow_label as shadow, count(*) as n
from compared group by 1, 2;

create or replace table label_class as
with side as (
  select production as label, n as p, 0 as q from label_cell where production is not null and shadow is not null
  union all
  select shadow, 0, n from label_cell where production is not null and shadow is not null
)
select label, sum(p)::double as p, sum(q)::double as q from side group by label;

-- name: whole
with agreement as (
  select
    coalesce(sum(n) filter (classes), 0)::double as rows,
    coalesce(sum(n) filter (classes and production = shadow), 0)::double as agree
  from (select *, production is not null and shadow is not null as classes from label_cell)
)
select
  rows, agree,
  (select count(*)::double from label_class) as classes,
  (select sum(p * q) from label_class) / (rows * rows) as chance
from agreement;

-- name: commonest
select label from label_class order by p + q desc, try_cast(label as double) nulls last, label limit $shown;

-- name: confusion
-- What is not among the commonest stands together; no label is empty.
with commonest as (
  select label from label_class order by p + q desc, try_cast(label as double) nulls last, label limit $shown
)
select
  if(production in (from commonest), production, '') as production, if(shadow in (from commonest), shadow, '') as shadow,
  sum(n)::double as count
from label_cell where production is not null and shadow is not null group by 1, 2;
