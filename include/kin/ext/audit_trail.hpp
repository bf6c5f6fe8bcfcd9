// SPDX-License-Identifier: MIT
#pragma once

#include <kin/entity.hpp>
#include <kin/events.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace kin {

/// One change of one entity, as kin::AuditTrail keeps it. List it among the entities of the Orm.
struct AuditEntry {
  std::int64_t id{};
  std::string entity{};   ///< name of its type
  std::string key{};      ///< of several key columns a JSON array
  std::string kind{};     ///< create, update or remove
  std::string changes{};  ///< JSON: {"price": {"before": 1.0, "after": 2.0}}
  std::chrono::sys_time<std::chrono::microseconds> at{};
  std::string by{};
};
void describe(Schema<AuditEntry>& entry);

/// Writes an AuditEntry for each entity that a flush creates, updates or removes, in the transaction of that
/// flush. Native writes and the links of many-to-many collections leave none. Members that are kin::hidden
/// stand in it without their values.
class AuditTrail final : public EventSubscriber {
 public:
  /// `by`: who is at work now; called for each entry, maybe by several threads at once. `entities`: what is
  /// watched, empty for all.
  explicit AuditTrail(std::function<std::string()> by = {}, EntityList entities = {});

  EntityList entities() const override { return entities_; }
  void after_create(EntityEventArgs& args) override;
  void after_update(EntityEventArgs& args) override;
  void after_delete(EntityEventArgs& args) override;

 private:
  void enter(EntityEventArgs& args) const;
  std::function<std::string()> by_;
  EntityList entities_;
};

}  // namespace kin
