-- The records of one variant, a row per row of an answer, from the columns that the scan left. Zero and NaN stand for none.
create or replace view $side as
select
  nullif(inference_id, 0) as inference_id, nullif(event_id, 0) as event_id, nullif(input_id, 0) as input_id,
  nullif(feature_id, 0) as feature_id, nullif(row_input, 0) as row_input, moment::bigint as moment, file, spot, place, row_count,
  if(isnan(number), null, number) as number, label, other, scores::double[] as scores
from $source;
