// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec_of.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

#include "types/codecs_steps.hpp"

/// What every codec is asked in the tests of codecs.
namespace kin::testing {

using detail::Codec;

inline std::string show(ValueView view) {
  const std::string bytes(view.has_bytes() ? view.bytes() : std::string_view{});
  switch (view.kind()) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return view.as_boolean() ? "true" : "false";
    case ValueKind::integer:
      return "integer " + std::to_string(view.as_integer());
    case ValueKind::unsigned_integer:
      return "unsigned " + std::to_string(view.as_unsigned());
    case ValueKind::real:
      return "real " + std::to_string(view.as_real() + 0.0);  // the same for both zeros
    case ValueKind::text:
      return "text " + bytes;
    case ValueKind::blob:
      return "blob " + bytes;
    case ValueKind::decimal:
      return "decimal " + bytes;
    case ValueKind::date:
      return "date " + std::to_string(view.as_integer());
    case ValueKind::time:
      return "time " + std::to_string(view.as_integer());
    case ValueKind::timestamp:
      return "timestamp " + std::to_string(view.as_integer()) + "/" + std::to_string(view.fraction_digits());
    case ValueKind::uuid:
      return "uuid " + bytes;
    case ValueKind::json:
      return "json " + bytes;
    case ValueKind::array:
      return "array " + bytes;
    case ValueKind::interval:
      return "interval " + bytes;
  }
  return "?";
}

/// The database form of a member.
inline std::string view_of(const Codec& codec, const void* member) {
  Scratch scratch;
  return show(codec.view(codec, member, scratch));
}
template <class T>
std::string view_of(const T& member, const Codec& codec = detail::codec_of<T>()) {
  return view_of(codec, &member);
}

/// The member that a cell becomes.
template <class T>
T assigned(ValueView cell, const Codec& codec = detail::codec_of<T>()) {
  T member{};
  codec.assign(codec, &member, cell);
  return member;
}

/// A snapshot of one member, at an address that is aligned for nothing, in memory of just its size.
class Packed {
 public:
  Packed(const Codec& codec, const void* member)
      : codec_(codec), memory_(1 + codec.snapshot_size(codec, member)) {
    const std::byte* const end = codec.snapshot_write(codec, member, memory_.data() + 1);
    EXPECT_EQ(end, memory_.data() + memory_.size());
  }

  bool equals(const void* member) const {
    const std::byte* at = begin();
    const bool equal = codec_.snapshot_equal(codec_, member, at);
    EXPECT_EQ(at, end()) << "a comparison must step over the value, equal or not";

    const detail::SnapshotStep steps[]{detail::make_snapshot_step(codec_, 0), detail::last_snapshot_step()};
    EXPECT_EQ(detail::equals_snapshot(steps, member, begin()), equal);
    return equal;
  }
  void restore(void* member) const {
    const std::byte* at = begin();
    codec_.snapshot_restore(codec_, member, at);
    EXPECT_EQ(at, end());
  }
  std::string view() const {
    Scratch scratch;
    const std::byte* at = begin();
    const std::string shown = show(codec_.snapshot_view(codec_, at, scratch));
    EXPECT_EQ(at, end());
    return shown;
  }
  std::string bytes() const { return {reinterpret_cast<const char*>(begin()), memory_.size() - 1}; }

 private:
  const std::byte* begin() const { return memory_.data() + 1; }
  const std::byte* end() const { return memory_.data() + memory_.size(); }

  const Codec& codec_;
  std::vector<std::byte> memory_;
};

/// Why a cell is refused; the member must be left alone.
inline std::string refusal(const Codec& codec, void* member, ValueView cell) {
  const std::string before = Packed(codec, member).bytes();
  try {
    codec.assign(codec, member, cell);
  } catch (const detail::ConversionError& error) {
    EXPECT_EQ(Packed(codec, member).bytes(), before);
    return error.reason;
  }
  return "accepted";
}
template <class T>
std::string refusal(ValueView cell, const Codec& codec = detail::codec_of<T>()) {
  T member{};
  return refusal(codec, &member, cell);
}

/// Why a member has no database form.
inline std::string refusal_of_view(const Codec& codec, const void* member) {
  Scratch scratch;
  try {
    codec.view(codec, member, scratch);
  } catch (const detail::ConversionError& error) {
    return error.reason;
  }
  return "accepted";
}
template <class T>
std::string refusal_of_view(const T& member) {
  return refusal_of_view(detail::codec_of<T>(), &member);
}

struct Sample {
  void* member;
  int equality_class;
};

inline void check_snapshots(const Codec& codec, const std::vector<Sample>& samples) {
  for (const Sample& sample : samples) {
    const Packed packed(codec, sample.member);
    EXPECT_EQ(packed.view(), view_of(codec, sample.member));
    for (const Sample& other : samples) {
      SCOPED_TRACE(packed.view() + " against " + view_of(codec, other.member));
      EXPECT_EQ(packed.equals(other.member), sample.equality_class == other.equality_class);
      const Packed others(codec, other.member);
      packed.restore(other.member);
      EXPECT_TRUE(packed.equals(other.member));
      EXPECT_EQ(view_of(codec, other.member), packed.view());
      others.restore(other.member);
      EXPECT_TRUE(others.equals(other.member));
    }
  }
}

/// Values of one list are equal to each other in their database form, and different from those of the other
/// lists.
template <class T>
void check_snapshots(std::initializer_list<std::initializer_list<T>> classes) {
  std::deque<T> members;
  std::vector<Sample> samples;
  int equality_class = 0;
  for (const auto& equals : classes) {
    for (const T& value : equals) samples.push_back({&members.emplace_back(value), equality_class});
    ++equality_class;
  }
  check_snapshots(detail::codec_of<T>(), samples);
}

}  // namespace kin::testing
