// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/orm.hpp>

#include "orm_core.hpp"
#include "unit_of_work/manager.hpp"

namespace kin {

namespace {
std::unique_ptr<driver::Driver> make_driver(const Options& options) {
  if (!options.driver)
    throw ValidationError("Options::driver is missing; set it to kin::sqlite::driver() or another driver");
  return options.driver->make(options);
}

/// What only this database can't do, reported together like the rest of discovery.
void validate_for_driver(const metadata::Registry& registry, const driver::Driver& driver) {
  std::vector<std::string> problems;
  for (const EntityMetadata* entity : registry.entities()) driver.validate(*entity, problems);
  if (problems.empty()) return;
  std::string text = "the entities do not suit " + std::string(driver.capabilities().name) + ":";
  for (const std::string& problem : problems) text += "\n  " + problem;
  throw MetadataError(text);
}
}  // namespace

OrmCore::OrmCore(Options given)
    : options(std::move(given)),
      registry(options),
      driver(make_driver(options)),
      planner(registry, options.strategy),
      listeners(registry, options.subscribers) {
  validate_for_driver(registry, *driver);
  for (const EntityMetadata* entity : registry.entities())
    runtimes.push_back(std::make_unique<unit_of_work::EntityRuntime>(*entity));
}

Orm::Orm(Options options) : core_(std::make_shared<OrmCore>(std::move(options))) {}
Orm::Orm(Orm&&) noexcept = default;
Orm& Orm::operator=(Orm&&) noexcept = default;
Orm::~Orm() = default;

EntityManager Orm::em() const { return EntityManager(std::make_unique<detail::Manager>(core_)); }
EntityManager Orm::em(ManagerOptions options) const {
  return EntityManager(std::make_unique<detail::Manager>(core_, std::move(options)));
}
SchemaGenerator Orm::schema() const { return SchemaGenerator(*core_->driver, core_->registry); }
std::span<const EntityMetadata* const> Orm::entities() const noexcept { return core_->registry.entities(); }
const EntityMetadata& Orm::metadata_of(detail::TypeTag tag) const { return core_->registry.of(tag); }

EntityManager::EntityManager(std::unique_ptr<detail::Manager> manager) noexcept : manager_(std::move(manager)) {}
EntityManager::EntityManager(EntityManager&&) noexcept = default;
EntityManager& EntityManager::operator=(EntityManager&&) noexcept = default;
EntityManager::~EntityManager() = default;
EntityManager EntityManager::fork(ForkOptions options) const {
  const detail::UseGuard guard(*manager_);
  return EntityManager(manager_->fork(options));
}

namespace detail {

EntityState* create_entity(Manager& manager, TypeTag tag, void* from, bool persist) {
  const UseGuard guard(manager);
  return manager.create(tag, from, persist);
}
void persist_entity(Manager& manager, EntityState* state) {
  const UseGuard guard(manager);
  manager.persist(state);
}
void remove_entity(Manager& manager, EntityState* state) {
  const UseGuard guard(manager);
  manager.remove(state);
}
EntityState* get_reference(Manager& manager, TypeTag tag, std::span<const ValueView> key) {
  const UseGuard guard(manager);
  return manager.reference_of_key(tag, key);
}
void clear_manager(Manager& manager) {
  const UseGuard guard(manager);
  manager.clear();
}
FlushMode flush_mode(Manager& manager) {
  const UseGuard guard(manager);
  return manager.flush_mode;
}
void set_flush_mode(Manager& manager, FlushMode mode) {
  const UseGuard guard(manager);
  manager.flush_mode = mode;
}
bool is_in_transaction(Manager& manager) {
  const UseGuard guard(manager);
  return manager.transaction_level() > 0;
}
bool has_changes(Manager& manager) {
  const UseGuard guard(manager);
  return manager.has_changes();
}

}  // namespace detail
}  // namespace kin
