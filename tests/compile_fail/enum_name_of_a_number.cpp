// SPDX-License-Identifier: MIT
// expect: kin: enum_name() needs an enumerator
#include "model.hpp"

enum class Mood { calm, wild };

int main() {
#ifdef KIN_CONTROL
  return kin::enum_name(Mood::wild).empty() ? 1 : 0;
#else
  return kin::enum_name(1).empty() ? 1 : 0;
#endif
}
