// SPDX-License-Identifier: MIT
#pragma once

#include <kin/event.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include "metadata/registry.hpp"

namespace kin {

class EventSubscriber;

namespace unit_of_work {

/// Who hears of what. Immutable; an Orm has one for its options, and a manager one of its own once it has
/// more.
class EventListeners {
 public:
  /// Throws ValidationError for a null subscriber, and for one of types that are no entities.
  /// One that is listed twice counts once.
  EventListeners(const metadata::Registry& registry,
                 const std::vector<std::shared_ptr<EventSubscriber>>& subscribers);

  /// False is the usual case: all that a flush asks.
  bool any() const noexcept { return any_; }
  bool hears(const EntityMetadata& entity, Event event) const noexcept {
    return (events_[entity.index] >> static_cast<unsigned>(event) & 1u) != 0;
  }
  const std::vector<std::shared_ptr<EventSubscriber>>& subscribers() const noexcept { return subscribers_; }
  /// Those that hear of an entity, in order.
  const std::vector<EventSubscriber*>& of(const EntityMetadata& entity) const noexcept {
    return of_[entity.index];
  }

 private:
  void add(const metadata::Registry& registry, EventSubscriber* subscriber);

  std::vector<std::shared_ptr<EventSubscriber>> subscribers_{};
  std::vector<std::uint32_t> events_{};              ///< by EntityMetadata::index, a bit an Event
  std::vector<std::vector<EventSubscriber*>> of_{};  ///< by EntityMetadata::index
  bool any_ = false;
};

}  // namespace unit_of_work
}  // namespace kin
