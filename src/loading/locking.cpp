// SPDX-License-Identifier: MIT
// Locks that are asked for: what they need, and those of one entity.
#include <kin/error.hpp>

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {

using query::PlannedRead;

namespace {

[[noreturn]] void refuse(const EntityMetadata& entity, std::string_view sentence) {
  throw ValidationError(fmt::format("{}: {}", entity.name, sentence), ErrorDetails{.entity = entity.name});
}

bool is_integer(ValueKind kind) { return kind == ValueKind::integer || kind == ValueKind::unsigned_integer; }

/// A version above the signed numbers is only the same when it is unsigned on both sides.
bool same_version(ValueView a, ValueView b) {
  if (a.as_integer() != b.as_integer()) return false;
  return a.kind() == b.kind() || a.as_integer() >= 0;
}

void require_version(const EntityMetadata& entity, ValueView expected) {
  if (!entity.version)
    refuse(
        entity,
        fmt::format("an optimistic lock needs a version, and the entity has none; describe a member as its "
                    "version, as by book.on<&Book::version>(kin::version), or lock it pessimistically"));
  if (expected.is_null())
    refuse(entity,
           "an optimistic lock needs the version that is expected; give it after the mode, or by "
           "lock_version()");
  const Codec& codec = *entity.version->codec;
  const bool fits = codec.is_integer() ? is_integer(expected.kind()) : expected.kind() == codec.kind;
  if (fits) return;
  const std::string& member = entity.version->property->name;
  throw ValidationError(
      fmt::format("{}.{} is a {}, and the expected version is of another type; give it as the member "
                  "holds it",
                  entity.name, member, codec.type_name),
      ErrorDetails{.entity = entity.name, .property = member});
}

/// Whether a read met a row.
class MetSink final : public driver::RowSink {
 public:
  void row(const ValueView*) override { met = true; }
  bool met = false;
};

[[noreturn]] void throw_gone(const EntityState& state, LockMode mode) {
  const bool leaves_out =
      mode == LockMode::pessimistic_partial_read || mode == LockMode::pessimistic_partial_write;
  throw NotFoundError(unit_of_work::describe(state) + " cannot be locked: its row is gone" +
                          (leaves_out ? ", or another transaction has locked it" : ""),
                      ErrorDetails{.entity = state.metadata->name});
}

}  // namespace

void Manager::require_lockable(const EntityMetadata& entity, const LockRequest& lock) const {
  if (lock.mode == LockMode::optimistic) return require_version(entity, lock.version);
  if (!lock.version.is_null())
    refuse(entity,
           "an expected version belongs to LockMode::optimistic; take it away, or lock with that mode");
  if (lock.mode >= LockMode::pessimistic_read && transaction_level() == 0)
    throw TransactionStateError(
        "a pessimistic lock lasts until the end of a transaction; call begin() or use transactional()",
        ErrorDetails{.entity = entity.name});
}

void Manager::check_version(const EntityState& state, const LockRequest& lock) const {
  if (lock.mode != LockMode::optimistic) return;
  const Column& version = *state.metadata->version;
  Scratch scratch;
  // A new entity that is not stored yet has the version it was given.
  const ValueView stored = state.snapshot ? runtime(*state.metadata).stored_value(state, version, scratch)
                                          : unit_of_work::column_value(version, state.entity(), scratch);
  if (same_version(stored, lock.version)) return;
  throw OptimisticLockError(
      fmt::format("{} has version {}, and version {} was expected: someone else changed it since; refresh() "
                  "it and try "
                  "again",
                  unit_of_work::describe(state), Value(stored).to_string(), Value(lock.version).to_string()),
      ErrorDetails{.entity = state.metadata->name, .property = version.property->name});
}

Task<void> Manager::lock(EntityState* state, LockRequest lock) {
  require_own(state, "lock");
  const EntityMetadata& entity = *state->metadata;
  require_lockable(entity, lock);
  if (lock.mode == LockMode::none) co_return;
  if (!state->has(EntityState::managed) || state->has(EntityState::scheduled))
    throw ValidationError("lock: " + describe(*state) + " has not been stored yet; flush first",
                          ErrorDetails{.entity = entity.name});
  if (lock.mode == LockMode::optimistic) {
    // Of a stub nothing is known but the key.
    if (!runtime(entity).covered(*state).has(entity.version->index)) {
      const bool found = co_await load(state, false);
      if (!found) throw_gone(*state, lock.mode);
    }
    check_version(*state, lock);
    co_return;
  }
  std::vector<Scratch> scratch(entity.key.size());
  std::vector<ValueView> key;
  for (std::size_t i = 0; i < scratch.size(); ++i)
    key.push_back(unit_of_work::column_value(*entity.key[i], state->entity(), scratch[i]));
  const std::shared_ptr<const PlannedRead> read =
      core_->planner.plan_lock(entity, lock.mode, unit_of_work::was_marked(*state));
  driver::Loan loan;
  driver::Connection* connection = co_await this->connection(loan);
  MetSink sink;
  const driver::ReadRequest request{read->plan, key};
  co_await connection->read(request, sink);
  if (!sink.met) throw_gone(*state, lock.mode);
}

}  // namespace kin::detail
