// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/value.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace {

using kin::ValueView;
using testing::HasSubstr;

constexpr std::size_t largest = std::numeric_limits<std::uint32_t>::max();

// Only the size is looked at, never the bytes.
std::string_view text_of_size(std::size_t size) {
  static const char start = 'x';
  return {&start, size};
}

TEST(ValueView, HoldsBytesOfAnySizeBelowFourGibibytes) {
  EXPECT_EQ(ValueView::text(text_of_size(largest)).bytes().size(), largest);
  EXPECT_EQ(ValueView::blob("x", largest).bytes().size(), largest);
}

TEST(ValueView, RefusesMoreInsteadOfCuttingItOff) {
  EXPECT_THROW((void)ValueView::text(text_of_size(largest + 1)), kin::ValidationError);
  EXPECT_THROW((void)ValueView::json(text_of_size(largest + 2)), kin::ValidationError);
  EXPECT_THROW((void)ValueView::decimal(text_of_size(largest + 1)), kin::ValidationError);
  EXPECT_THROW((void)ValueView::blob("x", largest + 1), kin::ValidationError);
  try {
    (void)ValueView::text(text_of_size(largest + 1));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const kin::ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a value of 4294967296 bytes is too large for a column"));
  }
}

}  // namespace
