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

-- name: classes
-- Each class by itself; and where rows lie that only one side gives it.
with class as (
  select label, p, q from label_class order by p + q desc, try_cast(label as double) nulls last, label limit $most
), equal as (
  select production as label, n from label_cell where production = shadow
), differing as (
  select production_label as production, shadow_label as shadow, input, moment // 60000 as minute
  from compared where production_label <> shadow_label
), only_production as (
  select production as label, count(distinct input) as inputs, count(distinct minute) as minutes from differing group by 1
), only_shadow as (
  select shadow as label, count(distinct input) as inputs, count(distinct minute) as minutes from differing group by 1
)
select
  label, p as production, q as shadow, coalesce(n, 0)::double as both,
  coalesce(only_production.inputs, 0)::double as production_inputs,
  coalesce(only_production.minutes, 0)::double as production_minutes,
  coalesce(only_shadow.inputs, 0)::double as shadow_inputs, coalesce(only_shadow.minutes, 0)::double as shadow_minutes
from class left join equal using (label) left join only_production using (label) left join only_shadow using (label);
