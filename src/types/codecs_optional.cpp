// SPDX-License-Identifier: MIT
#include "types/codecs_forms.hpp"

/// std::optional of the types that are not built in: enums, types of the user's own, other points in time.
/// Packed as a byte that tells whether there is a value, then the size of the value, then the value. The size
/// lets a comparison step over a value that it need not look at.
namespace kin::detail {
namespace {

using Length = std::uint32_t;

/// The packed value, which may be absent; moves `packed` behind it.
struct PackedOptional {
  explicit PackedOptional(const std::byte*& packed) : has_value(*packed != std::byte{0}) {
    ++packed;
    if (!has_value) return;
    value = packed + sizeof(Length);
    packed = value + load<Length>(packed);
  }

  bool has_value;
  const std::byte* value = nullptr;
};

}  // namespace

ValueView OptionalFamily::view(const Codec& self, const void* member, Scratch& scratch) {
  const void* const value = self.optional->get(member);
  return value ? self.inner->view(*self.inner, value, scratch) : ValueView::null();
}

void OptionalFamily::assign(const Codec& self, void* member, ValueView cell) {
  if (cell.is_null()) return self.optional->reset(member);
  if (self.optional->get(member))
    return self.inner->assign(*self.inner, self.optional->emplace(member), cell);
  try {
    self.inner->assign(*self.inner, self.optional->emplace(member), cell);
  } catch (...) {
    self.optional->reset(member);  // an empty optional stays empty when the cell does not convert
    throw;
  }
}

std::size_t OptionalFamily::snapshot_size(const Codec& self, const void* member) {
  const void* const value = self.optional->get(member);
  return value ? 1 + sizeof(Length) + self.inner->snapshot_size(*self.inner, value) : 1;
}

std::byte* OptionalFamily::snapshot_write(const Codec& self, const void* member, std::byte* to) {
  const void* const value = self.optional->get(member);
  *to++ = std::byte{value != nullptr};
  if (!value) return to;
  std::byte* const begin = to + sizeof(Length);
  std::byte* const end = self.inner->snapshot_write(*self.inner, value, begin);
  store(to, static_cast<Length>(end - begin));
  return end;
}

bool OptionalFamily::snapshot_equal(const Codec& self, const void* member, const std::byte*& packed) {
  PackedOptional was(packed);
  const void* const value = self.optional->get(member);
  if (!value) return !was.has_value;
  return was.has_value && self.inner->snapshot_equal(*self.inner, value, was.value);
}

void OptionalFamily::snapshot_restore(const Codec& self, void* member, const std::byte*& packed) {
  PackedOptional was(packed);
  if (!was.has_value) return self.optional->reset(member);
  self.inner->snapshot_restore(*self.inner, self.optional->emplace(member), was.value);
}

ValueView OptionalFamily::snapshot_view(const Codec& self, const std::byte*& packed, Scratch& scratch) {
  PackedOptional was(packed);
  return was.has_value ? self.inner->snapshot_view(*self.inner, was.value, scratch) : ValueView::null();
}

}  // namespace kin::detail
