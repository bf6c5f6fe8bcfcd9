// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"

#include <kin/types/custom.hpp>

/// Types of the user's own: every function converts to or from the stored type and passes on to its codec.
namespace kin::detail {
namespace {

const CustomAccess& access_of(const Codec& self) { return *static_cast<const CustomAccess*>(self.context); }

// The typed end calls back with the stored value, because only it knows the type that lies on its stack.
template <class Use>
void with_stored(const Codec& self, const void* member, Use use) {
  access_of(self).to_database(
      member, [](void* context, const void* stored) { (*static_cast<Use*>(context))(stored); }, &use);
}
template <class Fill>
void from_stored(const Codec& self, void* member, Fill fill) {
  access_of(self).from_database(
      member, [](void* context, void* stored) { (*static_cast<Fill*>(context))(stored); }, &fill);
}

}  // namespace

ValueView CustomFamily::view(const Codec& self, const void* member, Scratch& scratch) {
  const Codec& inner = *access_of(self).stored;
  ValueView result;
  with_stored(self, member, [&](const void* stored) {
    result = keep_bytes(inner.view(inner, stored, scratch), scratch);  // the stored value goes away
  });
  return result;
}

void CustomFamily::assign(const Codec& self, void* member, ValueView cell) {
  const Codec& inner = *access_of(self).stored;
  from_stored(self, member, [&](void* stored) { inner.assign(inner, stored, cell); });
}

std::size_t CustomFamily::snapshot_size(const Codec& self, const void* member) {
  const Codec& inner = *access_of(self).stored;
  std::size_t size = 0;
  with_stored(self, member, [&](const void* stored) { size = inner.snapshot_size(inner, stored); });
  return size;
}

std::byte* CustomFamily::snapshot_write(const Codec& self, const void* member, std::byte* to) {
  const Codec& inner = *access_of(self).stored;
  with_stored(self, member, [&](const void* stored) { to = inner.snapshot_write(inner, stored, to); });
  return to;
}

bool CustomFamily::snapshot_equal(const Codec& self, const void* member, const std::byte*& packed) {
  const Codec& inner = *access_of(self).stored;
  bool equal = false;
  with_stored(self, member, [&](const void* stored) { equal = inner.snapshot_equal(inner, stored, packed); });
  return equal;
}

void CustomFamily::snapshot_restore(const Codec& self, void* member, const std::byte*& packed) {
  const Codec& inner = *access_of(self).stored;
  from_stored(self, member, [&](void* stored) { inner.snapshot_restore(inner, stored, packed); });
}

ValueView CustomFamily::snapshot_view(const Codec& self, const std::byte*& packed, Scratch& scratch) {
  const Codec& inner = *access_of(self).stored;
  return inner.snapshot_view(inner, packed, scratch);
}

}  // namespace kin::detail
