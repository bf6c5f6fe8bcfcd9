// SPDX-License-Identifier: MIT
#pragma once

#include <kin/entity.hpp>
#include <kin/error.hpp>
#include <kin/options.hpp>

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metadata/registry.hpp"

namespace kin::metadata::testing {

inline Options options_for(EntityList entities, std::shared_ptr<const NamingStrategy> naming = nullptr) {
  Options options;
  options.entities = entities;
  options.naming = std::move(naming);
  return options;
}

/// A registry of the listed entities.
template <class... Ts>
class Entities : public Registry {
 public:
  explicit Entities(std::shared_ptr<const NamingStrategy> naming = nullptr)
      : Registry(options_for(kin::entities<Ts...>, std::move(naming))) {}

  template <class T>
  const EntityMetadata& of() const {
    return Registry::of(detail::type_tag<T>);
  }
  /// By its dotted path.
  template <class T>
  const Property& property(std::string_view name) const {
    return *of<T>().find_property(name);
  }
  /// The first column of a property.
  template <class T>
  const Column& column(std::string_view name) const {
    return of<T>().columns.at(property<T>(name).first_column);
  }
};

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The sentences of the MetadataError, without the line that counts them.
inline std::vector<std::string> problems_of(EntityList entities) {
  try {
    const Registry registry(options_for(entities));
  } catch (const MetadataError& error) {
    std::vector<std::string> lines = lines_of(error.what());
    lines.erase(lines.begin());
    return lines;
  }
  return {};
}
template <class... Ts>
std::vector<std::string> problems_of() {
  return problems_of(kin::entities<Ts...>);
}

template <class Columns>
std::vector<std::string> names_of(const Columns& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) {
    if constexpr (requires { column->name; }) {
      names.push_back(column->name);
    } else {
      names.push_back(column.name);
    }
  }
  return names;
}

}  // namespace kin::metadata::testing
