// SPDX-License-Identifier: MIT
#include <kin/clock.hpp>
#include <kin/ext/audit_trail.hpp>
#include <kin/types/json.hpp>
#include <kin/types/uuid.hpp>

#include <array>
#include <string_view>
#include <utility>

#include "types/chrono_text.hpp"

namespace kin {
namespace {

/// Bytes that are no UTF-8, and reals that are no JSON, become something that is.
Json json_of(const Value& value) {
  const ValueView view = value.view();
  std::array<char, types::chrono_text_capacity> text{};
  switch (value.kind()) {
    case ValueKind::null:
      return nullptr;
    case ValueKind::boolean:
      return view.as_boolean();
    case ValueKind::integer:
      return view.as_integer();
    case ValueKind::unsigned_integer:
      return view.as_unsigned();
    case ValueKind::real:
      return view.as_real();
    case ValueKind::json:
    case ValueKind::array: {
      Json parsed = Json::parse(view.bytes(), nullptr, false);
      return parsed.is_discarded() ? Json(std::string(view.bytes())) : parsed;
    }
    case ValueKind::blob:
      return value.to_string();
    case ValueKind::uuid:
      return Uuid::from_bytes(view.bytes().data()).to_string();
    case ValueKind::date:
      return std::string(text.data(),
                         types::format_date(static_cast<std::int32_t>(view.as_integer()), text.data()));
    case ValueKind::time:
      return std::string(text.data(), types::format_time(view.as_integer(), 6, text.data()));
    case ValueKind::timestamp:
      return std::string(text.data(),
                         types::format_timestamp(view.as_integer(), view.fraction_digits(), text.data()));
    case ValueKind::text:
    case ValueKind::decimal:
    case ValueKind::interval:
      return std::string(view.bytes());
  }
  return nullptr;
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string key_of(const ChangeSet& change) {
  const std::vector<Value> key = change.key();
  if (key.size() == 1) {
    const Json json = json_of(key.front());
    return json.is_string() ? json.get<std::string>() : text_of(json);
  }
  Json list = Json::array();
  for (const Value& part : key) list.push_back(json_of(part));
  return text_of(list);
}

bool is_hidden(const EntityMetadata& entity, std::string_view column) {
  for (const Column& known : entity.columns)
    if (known.name == column)
      return known.property->hidden || entity.properties[known.property->index].hidden;
  return false;
}

std::string changes_of(const ChangeSet& change) {
  Json changes = Json::object();
  for (const ChangedValue& value : change.values()) {
    const bool hidden = is_hidden(change.metadata(), value.column);
    // A foreign key of several columns is named by its columns.
    const bool known = changes.contains(value.property);
    Json& entry = changes[std::string(known ? value.column : value.property)];
    entry = Json::object();
    if (hidden) continue;
    if (change.kind() != ChangeKind::create) entry["before"] = json_of(value.before);
    if (change.kind() != ChangeKind::remove) entry["after"] = json_of(value.after);
  }
  return text_of(changes);
}

const char* name_of(ChangeKind kind) {
  if (kind == ChangeKind::create) return "create";
  return kind == ChangeKind::update ? "update" : "remove";
}

}  // namespace

void describe(Schema<AuditEntry>& entry) {
  entry.table("audit_entry").index<&AuditEntry::entity, &AuditEntry::key>();
  entry.on<&AuditEntry::entity>(length(120));
  entry.on<&AuditEntry::key>(length(255));
  entry.on<&AuditEntry::kind>(length(10));
  entry.on<&AuditEntry::by>(length(255));
}

AuditTrail::AuditTrail(std::function<std::string()> by, EntityList entities)
    : by_(std::move(by)), entities_(entities) {}

void AuditTrail::after_create(EntityEventArgs& args) { enter(args); }
void AuditTrail::after_update(EntityEventArgs& args) { enter(args); }
void AuditTrail::after_delete(EntityEventArgs& args) { enter(args); }

void AuditTrail::enter(EntityEventArgs& args) const {
  if (args.entity<AuditEntry>()) return;
  const ChangeSet change = args.change_set();
  AuditEntry entry;
  entry.entity = change.metadata().name;
  entry.key = key_of(change);
  entry.kind = name_of(change.kind());
  entry.changes = changes_of(change);
  entry.at = now();
  if (by_) entry.by = by_();
  args.create<AuditEntry>(std::move(entry));
}

}  // namespace kin
