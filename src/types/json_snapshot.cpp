// SPDX-License-Identifier: MIT
#include "types/json_snapshot.hpp"

#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace kin::detail {
namespace {

/// First byte of a packed value. What follows: of numbers 8 bytes; of strings and binaries the length and the
/// bytes; of arrays the count and the values; of objects the count and pairs of a string (without tag) and a
/// value.
enum class Tag : std::uint8_t {
  null,
  no,
  yes,
  integer,
  unsigned_integer,
  real,
  string,
  binary,
  array,
  object
};

using Length = std::uint32_t;
using Binary = Json::binary_t;

Tag tag_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return value.get_ref<const bool&>() ? Tag::yes : Tag::no;
    case Json::value_t::number_integer:
      return Tag::integer;
    case Json::value_t::number_unsigned:
      return Tag::unsigned_integer;
    case Json::value_t::number_float:
      return std::isfinite(value.get_ref<const double&>()) ? Tag::real : Tag::null;  // JSON has no NaN
    case Json::value_t::string:
      return Tag::string;
    case Json::value_t::binary:
      return Tag::binary;
    case Json::value_t::array:
      return Tag::array;
    case Json::value_t::object:
      return Tag::object;
    case Json::value_t::null:
    case Json::value_t::discarded:
      break;
  }
  return Tag::null;
}

std::string_view bytes_of(const Binary& binary) {
  return {reinterpret_cast<const char*>(binary.data()), binary.size()};
}

// --- size ---

std::size_t bytes_size(std::size_t size) {
  check_size(size);
  return sizeof(Length) + size;
}

std::size_t size_at(const Json& value, std::size_t depth) {
  std::size_t size = 1;
  switch (tag_of(value)) {
    case Tag::null:
    case Tag::no:
    case Tag::yes:
      return size;
    case Tag::integer:
    case Tag::unsigned_integer:
    case Tag::real:
      return size + 8;
    case Tag::string:
      return size + bytes_size(value.get_ref<const std::string&>().size());
    case Tag::binary:
      return size + 1 + 8 + bytes_size(value.get_ref<const Binary&>().size());
    case Tag::array:
      if (depth == 0) refuse_depth();
      size += bytes_size(0);
      for (const Json& element : value) size += size_at(element, depth - 1);
      return size;
    case Tag::object:
      if (depth == 0) refuse_depth();
      size += bytes_size(0);
      for (const auto& [key, element] : value.get_ref<const Json::object_t&>()) {
        size += bytes_size(key.size()) + size_at(element, depth - 1);
      }
      return size;
  }
  return size;
}

// --- writing ---

std::byte* write_bytes(std::string_view bytes, std::byte* to) {
  to = store(to, static_cast<Length>(bytes.size()));
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

// --- reading ---

template <class T>
T take(const std::byte*& packed) {
  const T value = load<T>(packed);
  packed += sizeof value;
  return value;
}

std::string_view take_bytes(const std::byte*& packed) {
  const std::size_t size = take<Length>(packed);
  const std::string_view bytes(reinterpret_cast<const char*>(packed), size);
  packed += size;
  return bytes;
}

// --- comparing ---

// nlohmann's own == takes -1 and 2^64 - 1 for the same.
template <class Integer>
bool equal_to_integer(const Json& value, Tag tag, Integer was) {
  switch (tag) {
    case Tag::integer:
      return std::cmp_equal(value.get_ref<const std::int64_t&>(), was);
    case Tag::unsigned_integer:
      return std::cmp_equal(value.get_ref<const std::uint64_t&>(), was);
    default:
      return value.get_ref<const double&>() == static_cast<double>(was);
  }
}

bool equal_to_number(const Json& value, Tag tag, Tag was, const std::byte*& packed) {
  switch (was) {
    case Tag::integer:
      return equal_to_integer(value, tag, take<std::int64_t>(packed));
    case Tag::unsigned_integer:
      return equal_to_integer(value, tag, take<std::uint64_t>(packed));
    default:
      return value.get<double>() == take<double>(packed);
  }
}

bool equal_to_array(const Json& value, const std::byte*& packed) {
  if (take<Length>(packed) != value.size()) return false;
  for (const Json& element : value) {
    if (!json_snapshot_equal(element, packed)) return false;
  }
  return true;
}

bool equal_to_object(const Json& value, const std::byte*& packed) {
  const auto& object = value.get_ref<const Json::object_t&>();
  if (take<Length>(packed) != object.size()) return false;
  for (const auto& [key, element] : object) {  // ordered by key, now and when packed
    if (take_bytes(packed) != key || !json_snapshot_equal(element, packed)) return false;
  }
  return true;
}

bool equal_to_binary(const Json& value, const std::byte*& packed) {
  const auto& binary = value.get_ref<const Binary&>();
  const bool has_subtype = take<std::uint8_t>(packed) != 0;
  const auto subtype = take<std::uint64_t>(packed);
  return binary.has_subtype() == has_subtype && (!has_subtype || binary.subtype() == subtype) &&
         take_bytes(packed) == bytes_of(binary);
}

bool is_number(Tag tag) {
  return tag == Tag::integer || tag == Tag::unsigned_integer || tag == Tag::real;
}

}  // namespace

void refuse_depth() {
  refuse("a JSON value nested deeper than " + std::to_string(json_depth_limit) + " levels");
}

std::size_t json_snapshot_size(const Json& value) {
  return size_at(value, json_depth_limit);
}

std::byte* json_snapshot_write(const Json& value, std::byte* to) {
  const Tag tag = tag_of(value);
  to = store(to, tag);
  switch (tag) {
    case Tag::null:
    case Tag::no:
    case Tag::yes:
      return to;
    case Tag::integer:
      return store(to, value.get_ref<const std::int64_t&>());
    case Tag::unsigned_integer:
      return store(to, value.get_ref<const std::uint64_t&>());
    case Tag::real:
      return store(to, value.get_ref<const double&>());
    case Tag::string:
      return write_bytes(value.get_ref<const std::string&>(), to);
    case Tag::binary: {
      const auto& binary = value.get_ref<const Binary&>();
      to = store(to, static_cast<std::uint8_t>(binary.has_subtype()));
      to = store(to, std::uint64_t{binary.has_subtype() ? binary.subtype() : 0});
      return write_bytes(bytes_of(binary), to);
    }
    case Tag::array:
      to = store(to, static_cast<Length>(value.size()));
      for (const Json& element : value) to = json_snapshot_write(element, to);
      return to;
    case Tag::object:
      to = store(to, static_cast<Length>(value.size()));
      for (const auto& [key, element] : value.get_ref<const Json::object_t&>()) {
        to = json_snapshot_write(element, write_bytes(key, to));
      }
      return to;
  }
  return to;
}

bool json_snapshot_equal(const Json& value, const std::byte*& packed) {
  const Tag was = take<Tag>(packed);
  const Tag tag = tag_of(value);
  if (is_number(was)) return is_number(tag) && equal_to_number(value, tag, was, packed);
  if (tag != was) return false;
  switch (tag) {
    case Tag::string:
      return take_bytes(packed) == value.get_ref<const std::string&>();
    case Tag::binary:
      return equal_to_binary(value, packed);
    case Tag::array:
      return equal_to_array(value, packed);
    case Tag::object:
      return equal_to_object(value, packed);
    default:
      return true;
  }
}

Json json_snapshot_read(const std::byte*& packed) {
  switch (take<Tag>(packed)) {
    case Tag::null:
      return nullptr;
    case Tag::no:
      return false;
    case Tag::yes:
      return true;
    case Tag::integer:
      return take<std::int64_t>(packed);
    case Tag::unsigned_integer:
      return take<std::uint64_t>(packed);
    case Tag::real:
      return take<double>(packed);
    case Tag::string:
      return std::string(take_bytes(packed));
    case Tag::binary: {
      const bool has_subtype = take<std::uint8_t>(packed) != 0;
      const auto subtype = take<std::uint64_t>(packed);
      const std::string_view bytes = take_bytes(packed);
      Binary::container_type content(bytes.begin(), bytes.end());
      return has_subtype ? Json::binary(std::move(content), subtype) : Json::binary(std::move(content));
    }
    case Tag::array: {
      Json array = Json::array();
      auto& elements = array.get_ref<Json::array_t&>();
      const std::size_t count = take<Length>(packed);
      elements.reserve(count);
      for (std::size_t i = 0; i < count; ++i) elements.push_back(json_snapshot_read(packed));
      return array;
    }
    case Tag::object: {
      Json object = Json::object();
      auto& members = object.get_ref<Json::object_t&>();
      const std::size_t count = take<Length>(packed);
      for (std::size_t i = 0; i < count; ++i) {
        std::string key(take_bytes(packed));
        members.emplace_hint(members.end(), std::move(key), json_snapshot_read(packed));
      }
      return object;
    }
  }
  return nullptr;
}

}  // namespace kin::detail
