// SPDX-License-Identifier: MIT
#include <kin/detail/words.hpp>

namespace kin::detail {

void Unique::apply(Property& property) const { property.unique = true; }
void Index::apply(Property& property) const { property.index_ = true; }
void PrimaryKey::apply(Property& property) const { property.primary_key = true; }
void Version::apply(Property& property) const { property.version = true; }
void ConcurrencyCheck::apply(Property& property) const { property.concurrency_check = true; }
void Hidden::apply(Property& property) const { property.hidden = true; }
void Lazy::apply(Property& property) const { property.lazy = true; }
void Length::apply(Property& property) const { property.length = characters; }
void Precision::apply(Property& property) const {
  property.precision = digits;
  property.scale = scale;
}
void Nullable::apply(Property& property) const { property.nullable = value; }
void Prefix::apply(Property& property) const { property.prefix.emplace(text); }
void JoinColumn::apply(Property& property) const { property.join_columns.emplace_back(text); }
void InverseJoinColumn::apply(Property& property) const { property.inverse_join_columns.emplace_back(text); }
void CascadeWord::apply(Property& property) const { property.cascade = cascade; }
void OrphanRemoval::apply(Property& property) const { property.orphan_removal = true; }
void Eager::apply(Property& property) const { property.eager = true; }
void DeleteRule::apply(Property& property) const { property.delete_rule = rule; }
void UpdateRule::apply(Property& property) const { property.update_rule = rule; }
void StrategyWord::apply(Property& property) const { property.strategy = strategy; }
void OrderByMember::apply(Property& property) const { property.order_by.push_back({member, descending}); }

}  // namespace kin::detail
