// SPDX-License-Identifier: MIT
#pragma once

#include <kin/clock.hpp>
#include <kin/entity.hpp>
#include <kin/entity_manager.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace kin {

/// A message that leaves when, and only when, the transaction commits that it was added in. List it among the
/// entities of the Orm.
struct OutboxMessage {
  std::int64_t id{};
  std::string topic{};
  std::string payload{};
  std::chrono::sys_time<std::chrono::microseconds> created_at{};
  std::optional<std::chrono::sys_time<std::chrono::microseconds>> sent_at{};  ///< empty: still to be sent
};
void describe(Schema<OutboxMessage>& message);

/// The transactional outbox: messages are rows, written along with what they tell of, and relay() sends them
/// afterwards.
class Outbox {
 public:
  using Deliver = std::function<void(const OutboxMessage& message)>;

  /// Adds a message to what `into` writes: an EntityManager, or the args of an event, also those of
  /// after_create, when the entity has its key.
  template <class Into>
  static Ref<OutboxMessage> add(Into& into, std::string topic, std::string payload) {
    OutboxMessage message;
    message.topic = std::move(topic);
    message.payload = std::move(payload);
    message.created_at = now();
    return into.template create<OutboxMessage>(std::move(message));
  }

  /// Hands unsent messages to `deliver`, oldest first, at most `limit`, and marks them as sent, in one
  /// transaction of `em`, which has to be empty of changes. Returns how many. What `deliver` throws ends the
  /// run and comes out: messages before that one are marked, that one and later ones stay unsent.
  ///
  /// At least once: when the process or the connection ends between delivery and commit, messages are
  /// delivered again, so receivers have to know a message by its id. Several relays may run at the same time:
  /// each leaves out what another one has in hand (on SQLite they take turns), so that the order holds within
  /// one relay only.
  static std::size_t relay(EntityManager& em, const Deliver& deliver, std::size_t limit = 100);
};

}  // namespace kin
