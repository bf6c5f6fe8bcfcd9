// SPDX-License-Identifier: MIT
// expect: kin: original<> names a member with a column of its own; of an embedded struct name the member
#include "model.hpp"

struct Address {
  std::string city{};
};
struct Person {
  std::int64_t id{};
  Address home{};
};

static void use(const kin::ChangeSet& change) {
#ifdef KIN_CONTROL
  static_cast<void>(change.original<&Person::home, &Address::city>());
#else
  static_cast<void>(change.original<&Person::home>());
#endif
}

int main() { static_cast<void>(&use); }
