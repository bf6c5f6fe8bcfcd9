// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace kin::detail {
namespace {

using Length = std::uint32_t;

/// Packing of any container of bytes: its length, then the bytes.
template <class Container>
struct BytesForm {
  using Type = Container;
  static constexpr std::size_t fixed_size = 0;

  static std::size_t size(const Type& value) {
    check_size(value.size());
    return sizeof(Length) + value.size();
  }
  static std::size_t packed_size(const std::byte* packed) { return sizeof(Length) + load<Length>(packed); }
  static std::byte* pack(const Type& value, std::byte* to) {
    to = store(to, static_cast<Length>(value.size()));
    if (!value.empty()) std::memcpy(to, value.data(), value.size());
    return to + value.size();
  }
  static bool equal(const Type& value, const std::byte* packed) {
    const std::size_t size = load<Length>(packed);
    return value.size() == size &&
           (size == 0 || std::memcmp(value.data(), packed + sizeof(Length), size) == 0);
  }
  static void unpack(Type& value, const std::byte* packed) { set(value, packed_bytes(packed)); }

 protected:
  static std::string_view packed_bytes(const std::byte* packed) {
    return {reinterpret_cast<const char*>(packed + sizeof(Length)), load<Length>(packed)};
  }
  static void set(Type& value, std::string_view bytes) {
    const auto* const begin = reinterpret_cast<const typename Type::value_type*>(bytes.data());
    value.assign(begin, begin + bytes.size());
  }
};

struct StringForm : BytesForm<std::string> {
  static ValueView view(const std::string& value, Scratch&) {
    check_size(value.size());
    return ValueView::text(value);
  }
  static void assign(std::string& value, ValueView cell, std::string_view type_name) {
    if (cell.kind() == ValueKind::text) [[likely]] {
      value.assign(cell.bytes());
    } else if (std::string text; print_cell(cell, text)) {  // columns of SQLite hold what they like
      value = std::move(text);
    } else {
      refuse_kind(cell, cell.is_null() ? type_name : "std::string; use kin::Blob for bytes");
    }
  }
  static ValueView packed_view(const std::byte* packed, Scratch&) {
    return ValueView::text(packed_bytes(packed));
  }
};

template <class Container>
struct BlobForm : BytesForm<Container> {
  using Base = BytesForm<Container>;

  static ValueView view(const Container& value, Scratch&) {
    check_size(value.size());
    // An empty vector has no memory, but client libraries take a null pointer for null.
    return ValueView::blob(value.empty() ? "" : static_cast<const void*>(value.data()), value.size());
  }
  static void assign(Container& value, ValueView cell, std::string_view type_name) {
    const ValueKind kind = cell.kind();
    if (kind != ValueKind::blob && kind != ValueKind::text && kind != ValueKind::uuid)
      refuse_kind(cell, type_name);
    Base::set(value, cell.bytes());
  }
  static ValueView packed_view(const std::byte* packed, Scratch&) {
    const std::string_view bytes = Base::packed_bytes(packed);
    return ValueView::blob(bytes.data(), bytes.size());
  }
};

using ByteBlob = std::vector<std::byte>;
using OctetBlob = std::vector<std::uint8_t>;

}  // namespace

constinit const Codec CodecOf<std::string>::value = plain_codec<StringForm>("std::string");
constinit const Codec CodecOf<std::string>::optional =
    nullable_codec<StringForm>("std::optional<std::string>");

constinit const Codec CodecOf<ByteBlob>::value = plain_codec<BlobForm<ByteBlob>>("kin::Blob");
constinit const Codec CodecOf<ByteBlob>::optional =
    nullable_codec<BlobForm<ByteBlob>>("std::optional<kin::Blob>");
constinit const Codec CodecOf<OctetBlob>::value =
    plain_codec<BlobForm<OctetBlob>>("std::vector<std::uint8_t>");
constinit const Codec CodecOf<OctetBlob>::optional =
    nullable_codec<BlobForm<OctetBlob>>("std::optional<std::vector<std::uint8_t>>");

constinit const std::span<const KnownStep> text_steps =
    known_steps<StringForm, BlobForm<ByteBlob>, BlobForm<OctetBlob>>;

}  // namespace kin::detail
