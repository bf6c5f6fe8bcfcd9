// SPDX-License-Identifier: MIT
#include <kin/condition.hpp>
#include <kin/error.hpp>
#include <kin/ext/outbox.hpp>
#include <kin/field.hpp>

#include <exception>
#include <vector>

namespace kin {

void describe(Schema<OutboxMessage>& message) {
  message.table("outbox_message").index<&OutboxMessage::sent_at, &OutboxMessage::id>();
  message.on<&OutboxMessage::topic>(length(255));
}

std::size_t Outbox::relay(EntityManager& em, const Deliver& deliver, std::size_t limit) {
  if (em.has_changes())
    throw ValidationError(
        "Outbox::relay: the manager has changes that are not flushed; give the relay a manager of its "
        "own (orm.em())");
  std::size_t sent = 0;
  std::exception_ptr error;
  em.transactional([&](EntityManager& open) {
    const auto messages = open.find<OutboxMessage>(field<&OutboxMessage::sent_at>.is_null())
                              .order_by(field<&OutboxMessage::id>.asc())
                              .limit(limit)
                              .lock(LockMode::pessimistic_partial_write)
                              .list();
    for (const Ref<OutboxMessage>& message : messages) {
      try {
        deliver(*message);
      } catch (...) {
        // The earlier ones have left, so the transaction is to be committed all the same.
        error = std::current_exception();
        break;
      }
      message->sent_at = now();
      ++sent;
    }
  });
  if (error) std::rethrow_exception(error);
  return sent;
}

}  // namespace kin
