// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace kin::postgresql {

/// Object ids of the types that are the same in every PostgreSQL (src/include/catalog/pg_type.dat).
enum Type : std::uint32_t {
  type_unknown = 0,
  type_bool = 16,
  type_bytea = 17,
  type_char = 18,
  type_name = 19,
  type_int8 = 20,
  type_int2 = 21,
  type_int4 = 23,
  type_text = 25,
  type_oid = 26,
  type_json = 114,
  type_float4 = 700,
  type_float8 = 701,
  type_unspecified = 705,
  type_bpchar = 1042,
  type_varchar = 1043,
  type_date = 1082,
  type_time = 1083,
  type_timestamp = 1114,
  type_timestamptz = 1184,
  type_interval = 1186,
  type_numeric = 1700,
  type_uuid = 2950,
  type_jsonb = 3802,
};

/// The type of an array's elements; type_unknown for a type that is no array, or not one of ours.
constexpr std::uint32_t element_type(std::uint32_t array) noexcept {
  switch (array) {
    case 1000:
      return type_bool;
    case 1001:
      return type_bytea;
    case 1002:
      return type_char;
    case 1003:
      return type_name;
    case 1005:
      return type_int2;
    case 1007:
      return type_int4;
    case 1009:
      return type_text;
    case 1014:
      return type_bpchar;
    case 1015:
      return type_varchar;
    case 1016:
      return type_int8;
    case 1021:
      return type_float4;
    case 1022:
      return type_float8;
    case 1028:
      return type_oid;
    case 199:
      return type_json;
    case 1115:
      return type_timestamp;
    case 1182:
      return type_date;
    case 1183:
      return type_time;
    case 1185:
      return type_timestamptz;
    case 1187:
      return type_interval;
    case 1231:
      return type_numeric;
    case 2951:
      return type_uuid;
    case 3807:
      return type_jsonb;
    default:
      return type_unknown;
  }
}

/// Midnight of 2000-01-01, from where PostgreSQL counts, in days and microseconds since 1970.
inline constexpr std::int64_t epoch_days = 10957;
inline constexpr std::int64_t epoch_microseconds = epoch_days * 86'400'000'000;

}  // namespace kin::postgresql
