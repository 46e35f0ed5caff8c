-- How the labels of both models agree; a million different labels are counted here.

-- name: cells
select production_label as production, shadow_label as shadow, count(*) as n
from compared group by 1, 2;

-- name: sides
with side as (
  select production as label, n as p, 0 as q from label_cell where production is not null and shadow is not null
  union all
  select shadow, 0, n from label_cell where production is not null and shadow is not null
)
select label, cast(sum(p) as double) as p, cast(sum(q) as double) as q from side group by label;

-- name: whole
with agreement as (
  select
    cast(coalesce(sum(n) filter (where production is not null and shadow is not null), 0) as double) as n,
    cast(coalesce(sum(n) filter (where production = shadow), 0) as double) as agree
  from label_cell
)
select
  n as "rows", agree,
  (select cast(count(*) as double) from label_class) as classes,
  (select sum(p * q) from label_class) / nullif(n * n, 0) as chance
from agreement;

-- name: commonest
select label from label_class order by p + q desc, try_cast(label as double) nulls last, label limit $shown;

-- name: confusion
-- What is not among the commonest stands together; no label is empty.
with commonest as (
  select label from label_class order by p + q desc, try_cast(label as double) nulls last, label limit $shown
)
select coalesce(ours.label, '') as production, coalesce(theirs.label, '') as shadow, cast(sum(n) as double) as "count"
from label_cell
left join commonest as ours on ours.label = production
left join commonest as theirs on theirs.label = shadow
where production is not null and shadow is not null group by 1, 2;

-- name: classes
-- Each class by itself; and where rows lie that only one side gives it.
with class as (
  select label, p, q from label_class order by p + q desc, try_cast(label as double) nulls last, label limit $most
), equal as (
  select production as label, n from label_cell where production = shadow
), differing as (
  select production_label as production, shadow_label as shadow, input, moment - moment % 60000 as block
  from compared where production_label <> shadow_label
), only_production as (
  select production as label, count(distinct input) as inputs, count(distinct block) as minutes from differing group by 1
), only_shadow as (
  select shadow as label, count(distinct input) as inputs, count(distinct block) as minutes from differing group by 1
)
select
  class.label as label, p as production, q as shadow, cast(coalesce(n, 0) as double) as "both",
  cast(coalesce(only_production.inputs, 0) as double) as production_inputs,
  cast(coalesce(only_production.minutes, 0) as double) as production_minutes,
  cast(coalesce(only_shadow.inputs, 0) as double) as shadow_inputs,
  cast(coalesce(only_shadow.minutes, 0) as double) as shadow_minutes
from class
left join equal on equal.label = class.label
left join only_production on only_production.label = class.label
left join only_shadow on only_shadow.label = class.label;
