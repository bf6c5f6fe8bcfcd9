// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"
#include "types/json_snapshot.hpp"

#include <kin/types/json.hpp>

#include <string>
#include <string_view>

namespace kin::detail {
namespace {

/// True when brackets open deeper than json_depth_limit in a JSON text. nlohmann parses any depth, but
/// copying and writing what it parsed recurse.
bool is_too_deep(std::string_view text) {
  if (text.size() <= json_depth_limit) return false;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > json_depth_limit) return true;
    } else if (c == ']' || c == '}') {
      if (depth > 0) --depth;
    }
  }
  return false;
}

Json parse(std::string_view text) {
  if (is_too_deep(text)) refuse_depth();
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    refuse(quoted(text) + " is not JSON, from byte " + std::to_string(error.byte) + " on");
  } catch (const Json::out_of_range&) {
    refuse(quoted(text) + " has a number that is out of range");
  }
}

std::string_view print(const Json& value, Scratch& scratch) {
  if (value.is_discarded()) refuse("a JSON value that was discarded by its parser");
  json_snapshot_size(value);  // for its check of the depth: writing recurses
  try {
    scratch.large = value.dump();
  } catch (const Json::type_error&) {
    refuse("a string in the JSON value is not UTF-8");
  }
  check_size(scratch.large.size());
  return scratch.large;
}

struct JsonForm {
  using Type = Json;
  static constexpr std::size_t fixed_size = 0;
  using Length = std::uint32_t;

  static ValueView view(const Json& value, Scratch& scratch) {
    return ValueView::json(print(value, scratch)).as_transient();
  }
  static void assign(Json& value, ValueView cell, std::string_view type_name) {
    switch (cell.kind()) {
      case ValueKind::json:
      case ValueKind::array:
      case ValueKind::text:
        value = parse(cell.bytes());
        return;
      // SQLite turns a text that is a number into one, when the column's type is JSON.
      case ValueKind::boolean:
        value = cell.as_boolean();
        return;
      case ValueKind::integer:
        value = cell.as_integer();
        return;
      case ValueKind::unsigned_integer:
        value = cell.as_unsigned();
        return;
      case ValueKind::real:
        value = cell.as_real();
        return;
      default:
        refuse_kind(cell, type_name);
    }
  }
  static std::size_t size(const Json& value) {
    const std::size_t size = json_snapshot_size(value);
    check_size(size);
    return sizeof(Length) + size;
  }
  static std::size_t packed_size(const std::byte* packed) { return sizeof(Length) + load<Length>(packed); }
  static std::byte* pack(const Json& value, std::byte* to) {
    std::byte* const begin = to + sizeof(Length);
    std::byte* const end = json_snapshot_write(value, begin);
    store(to, static_cast<Length>(end - begin));
    return end;
  }
  static bool equal(const Json& value, const std::byte* packed) {
    packed += sizeof(Length);
    return json_snapshot_equal(value, packed);
  }
  static void unpack(Json& value, const std::byte* packed) { value = read(packed); }
  static ValueView packed_view(const std::byte* packed, Scratch& scratch) {
    return view(read(packed), scratch);
  }

 private:
  static Json read(const std::byte* packed) {
    packed += sizeof(Length);
    return json_snapshot_read(packed);
  }
};

}  // namespace

constinit const Codec CodecOf<Json>::value = plain_codec<JsonForm>("kin::Json");
constinit const Codec CodecOf<Json>::optional = nullable_codec<JsonForm>("std::optional<kin::Json>");

}  // namespace kin::detail
