// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"

#include <kin/types/uuid.hpp>

#include <cstring>
#include <string>

namespace kin::detail {
namespace {

struct UuidForm {
  using Type = Uuid;
  static constexpr std::size_t fixed_size = 16;

  static ValueView view(const Uuid& value, Scratch&) { return ValueView::uuid(value.bytes().data()); }
  static void assign(Uuid& value, ValueView cell, std::string_view type_name) {
    switch (cell.kind()) {
      case ValueKind::uuid:
        value = Uuid::from_bytes(cell.bytes().data());
        return;
      case ValueKind::text:
        if (Uuid::parse(cell.bytes(), value)) return;
        refuse_text(cell.bytes(), "a UUID");
      case ValueKind::blob:
        if (cell.bytes().size() == fixed_size) {
          value = Uuid::from_bytes(cell.bytes().data());
          return;
        }
        refuse("a blob of " + std::to_string(cell.bytes().size()) + " bytes is not a UUID, which has 16");
      default:
        refuse_kind(cell, type_name);
    }
  }
  static std::byte* pack(const Uuid& value, std::byte* to) { return store(to, value.bytes()); }
  static bool equal(const Uuid& value, const std::byte* packed) {
    return std::memcmp(value.bytes().data(), packed, fixed_size) == 0;
  }
  static void unpack(Uuid& value, const std::byte* packed) { value = Uuid::from_bytes(packed); }
  static ValueView packed_view(const std::byte* packed, Scratch&) { return ValueView::uuid(packed); }
};

}  // namespace

constinit const Codec CodecOf<Uuid>::value = plain_codec<UuidForm>("kin::Uuid");
constinit const Codec CodecOf<Uuid>::optional = nullable_codec<UuidForm>("std::optional<kin::Uuid>");

constinit const std::span<const KnownStep> uuid_steps = known_steps<UuidForm>;

}  // namespace kin::detail
