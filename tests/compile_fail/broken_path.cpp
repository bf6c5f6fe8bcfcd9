// SPDX-License-Identifier: MIT
// expect: kin: broken path; each member must belong to the entity that the member before it refers to
#include "model.hpp"

int main() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Book::author, &Author::name> == "Le Guin";
#else
  auto where = kin::field<&Book::author, &Tag::name> == "Le Guin";
#endif
  static_cast<void>(where);
}
