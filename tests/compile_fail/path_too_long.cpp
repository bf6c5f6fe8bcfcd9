// SPDX-License-Identifier: MIT
// expect: kin: a path has at most 255 members
#include <cstddef>
#include <utility>

#include "model.hpp"

struct Link {
  std::int64_t id{};
  kin::Ref<Link> next{};
};

template <std::size_t>
inline constexpr auto next = &Link::next;

template <std::size_t... Steps>
auto chain(std::index_sequence<Steps...>) {
  return kin::field<next<Steps>...>.is_null();
}

int main() {
#ifdef KIN_CONTROL
  auto where = chain(std::make_index_sequence<255>());
#else
  auto where = chain(std::make_index_sequence<256>());
#endif
  static_cast<void>(where);
}
