// SPDX-License-Identifier: MIT
#include "metadata/model.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace kin::metadata {

std::string path_of(const Property& property) { return property.entity->name + "." + property.name; }

void Problems::add(const EntityMetadata& entity, std::string_view sentence) {
  add({entity.index, 0, fmt::format("{}: {}", entity.name, sentence), entity.name, {}});
}

void Problems::add(const Property& property, std::string_view sentence) {
  const EntityMetadata& entity = *property.entity;
  add({entity.index, property.index + 1, fmt::format("{}: {}", path_of(property), sentence), entity.name,
       property.name});
}

void Problems::add_as_is(const EntityMetadata& entity, std::string sentence) {
  add({entity.index, 0, std::move(sentence), entity.name, {}});
}

void Problems::add_general(std::string sentence) { add({0, 0, std::move(sentence), {}, {}}); }

void Problems::add(Problem problem) {
  // Several steps may meet the same mistake.
  if (std::ranges::find(problems_, problem.text, &Problem::text) == problems_.end())
    problems_.push_back(std::move(problem));
}

void Problems::throw_if_any() const {
  if (problems_.empty()) return;
  std::vector<const Problem*> sorted;
  sorted.reserve(problems_.size());
  for (const Problem& problem : problems_) sorted.push_back(&problem);
  // The address is the order in which they were found.
  std::ranges::sort(sorted, {}, [](const Problem* p) { return std::tuple(p->entity, p->member, p); });

  std::string message = sorted.size() == 1
                            ? std::string("One problem in the description of the entities:")
                            : fmt::format("{} problems in the description of the entities:", sorted.size());
  for (const Problem* problem : sorted) message.append("\n").append(problem->text);
  ErrorDetails details;
  details.entity = sorted.front()->entity_name;
  details.property = sorted.front()->member_name;
  throw MetadataError(message, std::move(details));
}

}  // namespace kin::metadata
