// SPDX-License-Identifier: MIT
#include "metadata/registry.hpp"

#include <kin/error.hpp>

#include <utility>

#include "metadata/discovery.hpp"

namespace kin::metadata {

Registry::Registry(const Options& options) {
  const std::shared_ptr<const NamingStrategy> naming = options.naming ? options.naming : underscore_naming();
  Model model(*naming);
  discover_types(model, options.entities);
  resolve_relations(model);
  resolve_columns(model);
  resolve_pivots(model);
  resolve_constraints(model);
  resolve_defaults(model);
  validate(model);
  model.problems.throw_if_any();
  fill_lists(model);
  order_for_commit(model);

  owned_ = std::move(model.entities);
  for (const auto& entity : owned_) {
    order_.push_back(entity.get());
    by_tag_.emplace(entity->type->tag, entity.get());
  }
}

void Registry::throw_unknown() {
  throw ValidationError(
      "This type is not an entity of the Orm; list it in the options: .entities = kin::entities<…>.");
}

}  // namespace kin::metadata
