-- Where does it differ, by what was asked?

-- name: tables
-- Of the sampled rows each cell of the input on its own.
create or replace table input_cell as
with sampled as (
  select
    names, cells, input,
    if(
      production_label is not null and shadow_label is not null,
      production_label = shadow_label, coalesce(abs(d) <= $tolerance, false)
    ) as hit,
    told.loss, told.own
  from read_parquet($files) as kept join compared
    on compared.key = kept.$key and compared.moment = kept.moment::bigint and compared.place = kept.place
  left join $told as told
    on told.key = compared.key and told.moment = compared.moment and told.place = compared.place
), cell as (
  select input, hit, loss, own, generate_subscripts(list, 1) - 1 as i, unnest(list) as value, unnest(names) as name
  from (
    select input, hit, loss, own, string_split(names, chr(31)) as names, string_split(cells, if(names is null, ',', chr(31))) as list from sampled
  )
)
select
  -- A column without a name is its place.
  if(name is null, i::ubigint, hash(name)) as id, name, i, input, hit, loss, own, value, try_cast(value as double) as x
from cell;

-- The first columns, and how each falls into parts: numbers of many values at their quantiles, words each on its own.
create or replace table cut as
with counted as (
  select
    id, coalesce(any_value(name), 'column ' || (id + 1)) as name, min(i) as first, count(*) as n,
    count(x) filter (isfinite(x)) as numbers, approx_count_distinct(value) as about
  from input_cell group by id order by first, name limit $most
), few as (
  -- The estimate is only trusted where it is far from the limit.
  select id, count(distinct trim(value)) as kinds from input_cell where id in (select id from counted where about < 20 * $categories) group by id
), edge as (
  select id, list_sort(list_distinct(quantile_cont(x, $quantiles))) as edges, min(x) as least, max(x) as most from input_cell where isfinite(x) group by id
)
select id, name, first, least, most, if(coalesce(kinds, about) > $categories and numbers >= $numeric * n, edges, null) as edges
from counted left join few using (id) left join edge using (id);

-- name: ranges
select
  name, first::double as first, edges, part::double as part, any_value(least)::double as least, any_value(most)::double as most,
  count(*)::double as rows, count(*) filter (hit)::double as hits, count(distinct input)::double as inputs,
  count(loss)::double as labelled, coalesce(sum(loss), 0)::double as loss, coalesce(sum(loss * loss), 0)::double as "lossSquared",
  coalesce(sum(own), 0)::double as own, (count(loss) filter (hit))::double as near
from (
  select
    id, hit, loss, own, input,
    if(isfinite(x), len(list_filter(edges, lambda edge : x > edge)), len(edges) + 1) as part
  from input_cell join cut using (id) where edges is not null
) join cut using (id) group by id, name, first, edges, part order by first, name, part;

-- name: words
with word as (
  select
    cut.name, first, hit, loss, own, input,
    if(length(trim(value)) > $longest, trim(value)[:$longest] || '…', trim(value)) as value
  from input_cell join cut using (id) where edges is null
), common as (
  select name, value, count(distinct input) as inputs from word group by name, value
  qualify row_number() over (partition by name order by count(*) desc, value) <= $words
)
select
  word.name, first::double as first, if(common.inputs >= $least, value, null) as kept,
  count(*)::double as rows, count(*) filter (hit)::double as hits, count(distinct input)::double as inputs,
  count(loss)::double as labelled, coalesce(sum(loss), 0)::double as loss, coalesce(sum(loss * loss), 0)::double as "lossSquared",
  coalesce(sum(own), 0)::double as own, (count(loss) filter (hit))::double as near
from word left join common using (name, value) group by word.name, first, kept
order by first, word.name, kept is null, rows desc, kept;

-- name: alike
-- Rows and hits by the values of each column, as design effects are made of them.
with by_value as (
  select
    cut.name, if(length(trim(value)) > $longest, trim(value)[:$longest], trim(value)) as value,
    count(*) as n, count(*) filter (hit) as x
  from input_cell join cut using (id) group by 1, 2
)
select name, {
  inputs: count(*)::double, rows: sum(n)::double, "rowsSquared": sum(n * n)::double, sum: sum(x)::double,
  "sumSquared": sum(x * x)::double, "cross": sum(x * n)::double, "between": sum(x * x / n)::double,
  squares: sum(x)::double
} as sums
from by_value group by name order by name;
