// SPDX-License-Identifier: MIT
#pragma once

#include <kin/entity_manager.hpp>
#include <kin/options.hpp>
#include <kin/schema.hpp>

#include <memory>
#include <span>

namespace kin {

struct OrmCore;

/// Everything that units of work share: the entities' metadata, the driver with its connections, cached plans.
/// Made once; em() may be called from any thread. Must outlive nothing: managers keep what they need alive.
class Orm {
 public:
  /// Throws MetadataError that lists everything wrong with the entities, ConnectionError when the database can't be
  /// opened.
  explicit Orm(Options options);
  Orm(Orm&&) noexcept;
  Orm& operator=(Orm&&) noexcept;
  ~Orm();

  /// A new unit of work. Cheap: no connection is taken before the first statement.
  EntityManager em() const;
  /// The same with settings of its own.
  EntityManager em(ManagerOptions options) const;
  /// Creates, drops and updates the tables.
  SchemaGenerator schema() const;
  /// The description of an entity; valid as long as the Orm. Throws ValidationError for other types.
  template <class T>
  const EntityMetadata& metadata() const {
    return metadata_of(detail::type_tag<T>);
  }
  /// All entities in commit order: referenced ones first.
  std::span<const EntityMetadata* const> entities() const noexcept;

 private:
  const EntityMetadata& metadata_of(detail::TypeTag tag) const;
  std::shared_ptr<OrmCore> core_;
};

}  // namespace kin
