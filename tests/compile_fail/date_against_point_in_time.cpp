// SPDX-License-Identifier: MIT
// expect: kin: these two members are points in time of different units, which are not stored alike
#include <chrono>

#include "model.hpp"

struct Visit {
  std::int64_t id{};
  std::chrono::sys_days planned{};
  std::chrono::sys_days due{};
  std::chrono::sys_seconds began{};
};

int main() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Visit::planned> == kin::field<&Visit::due>;
#else
  auto where = kin::field<&Visit::planned> == kin::field<&Visit::began>;
#endif
  static_cast<void>(where);
}
