// SPDX-License-Identifier: MIT
// expect: kin: these two members are points in time of different units, which are not stored alike
#include <chrono>

#include "model.hpp"

struct Visit {
  std::int64_t id{};
  std::chrono::sys_days planned{};
  std::chrono::sys_seconds began{};
  std::optional<std::chrono::sys_seconds> paused{};
  std::chrono::sys_time<std::chrono::microseconds> ended{};
};

int main() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Visit::began> < kin::field<&Visit::paused>;
#else
  auto where = kin::field<&Visit::paused> < kin::field<&Visit::ended>;
#endif
  static_cast<void>(where);
}
