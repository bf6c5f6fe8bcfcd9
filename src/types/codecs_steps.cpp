// SPDX-License-Identifier: MIT
#include "types/codecs_steps.hpp"

#include "types/codecs_forms.hpp"

namespace kin::detail {
namespace {

bool any_step(const SnapshotStep* step, const std::byte* entity, const std::byte* packed) {
  if (!step->codec->snapshot_equal(*step->codec, entity + step->offset, packed)) return false;
  return run_next(step, entity, packed);
}

bool last_step(const SnapshotStep*, const std::byte*, const std::byte*) { return true; }

SnapshotStep::Function find_step(const Codec& codec) {
  for (const std::span<const KnownStep> steps : {number_steps, text_steps, chrono_steps, uuid_steps}) {
    for (const KnownStep& known : steps) {
      if (known.snapshot_equal == codec.snapshot_equal) return known.run;
    }
  }
  return &any_step;
}

}  // namespace

SnapshotStep make_snapshot_step(const Codec& codec, std::size_t offset) {
  return {find_step(codec), &codec, offset};
}

SnapshotStep last_snapshot_step() { return {&last_step}; }

}  // namespace kin::detail
