// SPDX-License-Identifier: MIT
#include "unit_of_work/event_listeners.hpp"

#include <kin/error.hpp>
#include <kin/events.hpp>

#include <algorithm>

namespace kin {

EventSubscriber::~EventSubscriber() = default;

namespace unit_of_work {

namespace {
constexpr std::uint32_t every_event = ~std::uint32_t{0};
}  // namespace

EventListeners::EventListeners(const metadata::Registry& registry,
                               const std::vector<std::shared_ptr<EventSubscriber>>& subscribers) {
  events_.resize(registry.entities().size());
  of_.resize(registry.entities().size());
  for (const EntityMetadata* entity : registry.entities())
    for (const EventHook& hook : entity->event_hooks) {
      events_[entity->index] |= 1u << static_cast<unsigned>(hook.event);
      any_ = true;
    }
  for (const auto& subscriber : subscribers) {
    if (std::ranges::find(subscribers_, subscriber) != subscribers_.end()) continue;
    add(registry, subscriber.get());
    subscribers_.push_back(subscriber);
  }
}

void EventListeners::add(const metadata::Registry& registry, EventSubscriber* subscriber) {
  if (!subscriber) throw ValidationError("a subscriber is null; leave it out or pass an object");
  any_ = true;
  const auto hears_of = [&](const EntityMetadata& entity) {
    events_[entity.index] = every_event;
    std::vector<EventSubscriber*>& list = of_[entity.index];
    if (std::ranges::find(list, subscriber) == list.end()) list.push_back(subscriber);
  };
  const EntityList types = subscriber->entities();
  for (std::size_t i = 0; i < types.count; ++i) hears_of(registry.of(types.types[i]->tag));
  if (types.count != 0) return;
  for (const EntityMetadata* entity : registry.entities()) hears_of(*entity);
}

}  // namespace unit_of_work
}  // namespace kin
