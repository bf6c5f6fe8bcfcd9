// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"
#include "types/codecs_layout.hpp"

#include <kin/types/enum.hpp>

#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace kin::detail {
namespace {

IntegerLayout layout_of(const Codec& self) { return *static_cast<const IntegerLayout*>(self.context); }

std::string_view name_of(const Codec& self, std::int64_t value) {
  const std::string_view name = name_of_enumerator(self.enum_names(), value);
  if (!name.empty()) return name;
  std::string reason = "the value " + std::to_string(value) + " of ";
  reason += self.type_name;
  reason += " has no name; if there is an enumerator of that value, specialise kin::EnumRange<";
  reason += self.type_name;
  reason += "> so that kin looks for it";
  refuse(std::move(reason));
}

[[noreturn]] void refuse_name(const Codec& self, std::string_view name) {
  constexpr std::size_t most = 30;
  std::string reason = "an enumerator of ";
  reason += self.type_name;
  reason += ": ";
  std::size_t count = 0;
  for (const EnumName& enumerator : self.enum_names()) {
    if (count == most) {
      reason += ", …";
      break;
    }
    if (count++ != 0) reason += ", ";
    reason += enumerator.name;
  }
  refuse_text(name, reason);
}

}  // namespace

std::string_view name_of_enumerator(std::span<const EnumName> enumerators, std::int64_t value) noexcept {
  for (const EnumName& enumerator : enumerators)
    if (enumerator.value == value) return enumerator.name;
  return {};
}

const EnumName* enumerator_of_name(std::span<const EnumName> enumerators, std::string_view name) noexcept {
  for (const EnumName& enumerator : enumerators)
    if (enumerator.name == name) return &enumerator;
  return nullptr;
}

ValueView EnumFamily::view(const Codec& self, const void* member, Scratch&) {
  return ValueView::text(name_of(self, load_integer(layout_of(self), member)));
}

void EnumFamily::assign(const Codec& self, void* member, ValueView cell) {
  if (cell.kind() != ValueKind::text) {
    refuse_kind(cell,
                cell.is_null() ? self.type_name : std::string(self.type_name) + ", which is stored by name");
  }
  if (const EnumName* found = enumerator_of_name(self.enum_names(), cell.bytes()))
    return store_integer(layout_of(self), member, found->value);
  refuse_name(self, cell.bytes());
}

std::size_t EnumFamily::snapshot_size(const Codec& self, const void*) { return layout_of(self).bytes; }

std::byte* EnumFamily::snapshot_write(const Codec& self, const void* member, std::byte* to) {
  std::memcpy(to, member, layout_of(self).bytes);
  return to + layout_of(self).bytes;
}

bool EnumFamily::snapshot_equal(const Codec& self, const void* member, const std::byte*& packed) {
  const IntegerLayout layout = layout_of(self);
  const std::byte* const was = packed;
  packed += layout.bytes;
  return load_integer(layout, member) == load_integer(layout, was);
}

void EnumFamily::snapshot_restore(const Codec& self, void* member, const std::byte*& packed) {
  std::memcpy(member, packed, layout_of(self).bytes);
  packed += layout_of(self).bytes;
}

ValueView EnumFamily::snapshot_view(const Codec& self, const std::byte*& packed, Scratch&) {
  const IntegerLayout layout = layout_of(self);
  const std::byte* const was = packed;
  packed += layout.bytes;
  return ValueView::text(name_of(self, load_integer(layout, was)));
}

}  // namespace kin::detail
