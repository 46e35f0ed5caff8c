(select
  0::ubigint as inference_id, 0::ubigint as event_id, 0::ubigint as input_id, 0::ubigint as feature_id, 0::ubigint as row_input,
  0::double as moment, 0::uinteger as file, 0::double as spot, 0::uinteger as place, 0::uinteger as row_count,
  0::double as number, null::varchar as label, null::varchar as other, null::varchar as scores
where false)
