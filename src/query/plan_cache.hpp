// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

namespace kin::query {

struct PlannedRead;

/// Plans by shape; thread-safe. Holds about `capacity` of them at most: each part keeps two generations, and
/// when the younger one is full the older one is dropped, so that what is in use survives.
class PlanCache {
 public:
  static constexpr std::size_t capacity = 4096;
  using Plan = std::shared_ptr<const PlannedRead>;

  /// Null when the shape is not known.
  Plan find(std::string_view shape);
  /// Returns the plan to use, which is another one when another thread was faster.
  Plan keep(std::string_view shape, Plan plan);
  std::size_t size();

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using Plans = boost::unordered_flat_map<std::string, Plan, Hash, std::equal_to<>>;
  /// Parts have locks of their own, on cache lines of their own.
  struct alignas(64) Part {
    std::shared_mutex mutex{};
    Plans young{};
    Plans old{};
  };

  static constexpr std::size_t part_count = 8;
  static constexpr std::size_t generation_size = capacity / part_count / 2;

  Part& part_of(std::string_view shape) { return parts_[Hash()(shape) / 256 % part_count]; }
  Plan store(Part& part, std::string_view shape, Plan plan);

  std::array<Part, part_count> parts_{};
};

}  // namespace kin::query
