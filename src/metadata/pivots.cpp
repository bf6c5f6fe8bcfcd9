// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "metadata/discovery.hpp"

namespace kin::metadata {
namespace {

class PivotMaker {
 public:
  PivotMaker(Model& model, Property& property)
      : naming_(model.naming),
        problems_(model.problems),
        property_(property),
        owner_(*property.entity),
        target_(*property.target) {}

  std::unique_ptr<PivotTable> make() {
    auto pivot = std::make_unique<PivotTable>();
    pivot->owner_property = &property_;
    set_name(*pivot);
    // The sides of a relation between entities of one name need a number.
    const bool same_name = owner_.name == target_.name;
    pivot->owner_columns = columns(owner_, property_.join_columns, "join_column", same_name ? "_1" : "");
    pivot->target_columns =
        columns(target_, property_.inverse_join_columns, "inverse_join_column", same_name ? "_2" : "");
    for (Column& column : pivot->target_columns)
      column.index += static_cast<std::uint32_t>(pivot->owner_columns.size());
    set_index(*pivot);
    return pivot;
  }

 private:
  void set_name(PivotTable& pivot) {
    pivot.schema = owner_.schema;
    pivot.name = property_.pivot_table;
    if (pivot.name.empty())
      pivot.name = naming_.pivot_table_name(owner_.table, target_.table, property_.name);
    const std::size_t dot = property_.pivot_table.find('.');
    if (dot == std::string::npos) return;
    pivot.schema = property_.pivot_table.substr(0, dot);
    pivot.name = property_.pivot_table.substr(dot + 1);
  }

  void set_index(PivotTable& pivot) const {
    std::vector<std::string> names;
    for (const Column& column : pivot.target_columns) {
      pivot.target_index.columns.push_back(&column);
      names.push_back(column.name);
    }
    pivot.target_index.name = naming_.constraint_name(pivot.name, names, "index");
  }

  std::vector<Column> columns(const EntityMetadata& side, const std::vector<std::string>& names,
                              std::string_view word, std::string_view suffix) {
    const bool fits = names.size() == side.key.size();
    if (!names.empty() && !fits)
      problems_.add(
          property_,
          fmt::format("it names {} column{} of the pivot table, and the key of {} has {}; say "
                      "kin::{} once for each.",
                      names.size(), names.size() == 1 ? "" : "s", side.name, side.key.size(), word));
    std::vector<Column> result;
    for (std::size_t i = 0; i < side.key.size(); ++i) {
      const Column& key = *side.key[i];
      Column& column = result.emplace_back();
      column.name =
          !names.empty() && fits ? names[i] : naming_.pivot_column_name(side.name, key.name, suffix);
      column.property = &property_;
      column.entity = &owner_;
      column.codec = key.codec;
      column.references = &key;
      column.index = static_cast<std::uint32_t>(i);
      column.type = key.type;
      column.primary_key = true;
      column.updatable = false;
    }
    return result;
  }

  const NamingStrategy& naming_;
  Problems& problems_;
  Property& property_;
  const EntityMetadata& owner_;
  const EntityMetadata& target_;
};

}  // namespace

void resolve_pivots(Model& model) {
  for (const auto& entity : model.entities)
    for (Property& property : entity->properties) {
      if (property.kind != PropertyKind::many_to_many || !property.owner) continue;
      if (std::ranges::none_of(property.target->properties, &Property::primary_key))
        model.problems.add(property,
                           fmt::format("its target {} has no key to refer to.", property.target->name));
      if (entity->key.empty() || property.target->key.empty()) continue;
      entity->pivots.push_back(PivotMaker(model, property).make());
    }
}

}  // namespace kin::metadata
