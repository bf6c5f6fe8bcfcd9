// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"

#include <kin/types/decimal.hpp>

#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

namespace kin::detail {
namespace {

using Length = std::uint32_t;

/// Packed as its length and text: a Decimal has no largest size.
struct DecimalForm {
  using Type = Decimal;
  static constexpr std::size_t fixed_size = 0;

  static ValueView view(const Decimal& value, Scratch& scratch) {
    return ValueView::decimal(print(value, scratch)).as_transient();
  }
  static void assign(Decimal& value, ValueView cell, std::string_view type_name) {
    switch (cell.kind()) {
      case ValueKind::decimal:
      case ValueKind::text:
        if (Decimal::parse(cell.bytes(), value)) return;
        refuse_text(cell.bytes(), "a decimal number");
      case ValueKind::integer:
        value = Decimal(cell.as_integer());
        return;
      case ValueKind::unsigned_integer:
        value = Decimal(cell.as_unsigned());
        return;
      case ValueKind::real:
        // REAL columns of SQLite: the 15 digits that a double keeps of any decimal.
        if (!std::isfinite(cell.as_real())) refuse(describe(cell) + " is not a decimal number");
        value = Decimal::from_double(cell.as_real());
        return;
      default:
        refuse_kind(cell, type_name);
    }
  }
  static std::size_t size(const Decimal& value) {
    Scratch scratch;
    return sizeof(Length) + print(value, scratch).size();
  }
  static std::size_t packed_size(const std::byte* packed) { return sizeof(Length) + load<Length>(packed); }
  static std::byte* pack(const Decimal& value, std::byte* to) {
    Scratch scratch;
    const std::string_view text = print(value, scratch);
    to = store(to, static_cast<Length>(text.size()));
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
  }
  static bool equal(const Decimal& value, const std::byte* packed) {
    Scratch scratch;
    // The same text is the common case and cheap to see; 0.10 and 0.1 are equal too, but that needs
    // arithmetic.
    return print(value, scratch) == packed_text(packed) || value == read(packed);
  }
  static void unpack(Decimal& value, const std::byte* packed) { value = read(packed); }
  static ValueView packed_view(const std::byte* packed, Scratch&) {
    return ValueView::decimal(packed_text(packed));
  }

 private:
  static std::string_view print(const Decimal& value, Scratch& scratch) {
    const std::size_t size = value.write_to(scratch.small, sizeof scratch.small);
    if (size != 0) return {scratch.small, size};
    scratch.large = value.to_string();
    return scratch.large;
  }
  static std::string_view packed_text(const std::byte* packed) {
    return {reinterpret_cast<const char*>(packed + sizeof(Length)), load<Length>(packed)};
  }
  static Decimal read(const std::byte* packed) { return Decimal(packed_text(packed)); }
};

}  // namespace

constinit const Codec CodecOf<Decimal>::value = plain_codec<DecimalForm>("kin::Decimal");
constinit const Codec CodecOf<Decimal>::optional = nullable_codec<DecimalForm>("std::optional<kin::Decimal>");

}  // namespace kin::detail
