// SPDX-License-Identifier: MIT
// Who is told of what: the manager's side of events. Those of a flush are in flush_events.cpp.
#include <kin/error.hpp>
#include <kin/events.hpp>

#include <exception>
#include <utility>

#include "unit_of_work/flush_events.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {

using unit_of_work::EventListeners;

namespace {

using EntityHandler = void (EventSubscriber::*)(EntityEventArgs&);

/// In the order of Event.
constexpr EntityHandler handlers[] = {
    &EventSubscriber::on_init,       &EventSubscriber::on_load,       &EventSubscriber::before_create,
    &EventSubscriber::after_create,  &EventSubscriber::before_update, &EventSubscriber::after_update,
    &EventSubscriber::before_delete, &EventSubscriber::after_delete,  &EventSubscriber::before_upsert,
    &EventSubscriber::after_upsert,
};

}  // namespace

void Manager::fire_event(Event event, EntityState& state, const unit_of_work::ChangeRecord* change) {
  const EntityMetadata& entity = *state.metadata;
  if (!listeners_->hears(entity, event)) return;
  // A handler can't add a subscriber, since that is a verb, so the lists stay as they are.
  EventArgs args(*this, event, state, ChangeSet(change));
  for (const EventHook& hook : entity.event_hooks)
    if (hook.event == event) hook.call(state.entity(), args);
  for (EventSubscriber* subscriber : listeners_->of(entity))
    (subscriber->*handlers[static_cast<std::size_t>(event)])(args);
}

void Manager::fire_transaction_event(TransactionHandler handler, int level) {
  if (listeners_->subscribers().empty()) [[likely]]
    return;
  TransactionEventArgs args(*this, level);
  for (const auto& subscriber : listeners_->subscribers()) (subscriber.get()->*handler)(args);
}

std::exception_ptr Manager::tell_of_rollback(TransactionHandler handler, int level) noexcept {
  try {
    fire_transaction_event(handler, level);
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void Manager::fire_loaded() {
  // A handler that throws ends the read that it belongs to; the others are told at the end of the next one.
  while (!loaded_.empty()) {
    std::vector<Loaded> loaded = std::move(loaded_);
    loaded_.clear();
    for (std::size_t i = 0; i < loaded.size(); ++i) {
      EntityState& state = *loaded[i].state;
      if (state.has(EntityState::detached)) continue;
      try {
        if (loaded[i].first) fire_event(Event::on_init, state);
        fire_event(Event::on_load, state);
      } catch (...) {
        loaded_.insert(loaded_.begin(), loaded.begin() + static_cast<std::ptrdiff_t>(i) + 1, loaded.end());
        throw;
      }
    }
  }
}

void Manager::add_subscriber(std::shared_ptr<EventSubscriber> subscriber) {
  std::vector<std::shared_ptr<EventSubscriber>> all = listeners_->subscribers();
  all.push_back(std::move(subscriber));
  own_listeners_ = std::make_shared<const EventListeners>(core_->registry, all);
  listeners_ = own_listeners_.get();
}

void Manager::unschedule(EntityState* state) {
  if (!state->has(EntityState::scheduled)) return;
  unit_of_work::IdentityMap& map = map_of(*state->metadata);
  if (has_key(*state)) unregister_key(state);
  state->clear(EntityState::scheduled | EntityState::managed | EntityState::from_event);
  --map.scheduled;
  map.states()[state->position] = map.states().back();
  map.states()[state->position]->position = state->position;
  map.states().pop_back();
  ++unscheduled;
}

void add_subscriber(Manager& manager, std::shared_ptr<EventSubscriber> subscriber) {
  const UseGuard guard(manager);
  manager.add_subscriber(std::move(subscriber));
}

}  // namespace kin::detail

namespace kin {

namespace {
detail::EntityState* if_of(detail::TypeTag tag, detail::EntityState* state) noexcept {
  return state->metadata->type->tag == tag ? state : nullptr;
}
}  // namespace

detail::EntityState* EventArgs::state_of(detail::TypeTag tag) const noexcept { return if_of(tag, &state_); }

detail::EntityState* EventVerbs::create_state(detail::TypeTag tag, void* from) {
  detail::EntityState* state = manager_.create(tag, from, true);
  if (manager_.flush_events) manager_.flush_events->note_scheduled(state);
  return state;
}

void EventVerbs::persist_state(detail::EntityState* state) {
  manager_.require_own(state, "persist");
  const bool known = state->has(detail::EntityState::scheduled);
  manager_.persist(state);
  if (known || !state->has(detail::EntityState::scheduled) || !manager_.flush_events) return;
  manager_.flush_events->note_scheduled(state);
}

void EventVerbs::remove_state(detail::EntityState* state) {
  manager_.require_own(state, "remove");
  if (manager_.flush_events && manager_.flush_events->defer_remove(state)) return;
  const bool known = state->has(detail::EntityState::removed) || !state->has(detail::EntityState::managed);
  manager_.remove(state);
  if (!known && manager_.flush_events) manager_.flush_events->note_removed(state);
}

detail::EntityState* EventVerbs::reference_state(detail::TypeTag tag, std::span<const ValueView> key) {
  return manager_.reference_of_key(tag, key);
}

}  // namespace kin
