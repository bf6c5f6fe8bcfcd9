// SPDX-License-Identifier: MIT
// expect: kin: native_enum() describes enums and arrays of enums; the member is neither
#include "model.hpp"

static void use(kin::Schema<Book>& book) {
#ifdef KIN_CONTROL
  book.on<&Book::title>(kin::collation("C"));
#else
  book.on<&Book::title>(kin::native_enum("title"));
#endif
}

int main() { static_cast<void>(&use); }
