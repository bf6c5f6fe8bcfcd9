// SPDX-License-Identifier: MIT
#include <cstddef>
#include <new>

#include <fmt/format.h>

#include "metadata/discovery.hpp"

namespace kin::metadata {
namespace {

/// A value-initialised object of an entity's class.
class FreshObject {
 public:
  explicit FreshObject(const detail::TypeDescriptor& type)
      : type_(type), memory_(::operator new(type.size, std::align_val_t(type.alignment))) {
    try {
      type_.construct(memory_);
    } catch (...) {
      release();
      throw;
    }
  }
  FreshObject(const FreshObject&) = delete;
  FreshObject& operator=(const FreshObject&) = delete;
  ~FreshObject() {
    type_.destroy(memory_);
    release();
  }
  void* get() const noexcept { return memory_; }

 private:
  void release() noexcept { ::operator delete(memory_, std::align_val_t(type_.alignment)); }

  const detail::TypeDescriptor& type_;
  void* memory_;
};

/// What the database is to write into the column: "red" of Color::red, 1 of true, the day of a date's text.
void resolve_default(Property& property, const Value& given, const EntityMetadata& entity,
                     Problems& problems) {
  const Column& column = entity.columns[property.first_column];
  const FreshObject object(*entity.type);
  void* member = column.access.reach(object.get());
  Scratch scratch;
  try {
    column.codec->assign(*column.codec, member, given.view());
    property.default_value = Value(column.codec->view(*column.codec, member, scratch));
  } catch (const detail::ConversionError& error) {
    problems.add(property, fmt::format("kin::default_value does not fit the member: {}.", error.reason));
  }
}

}  // namespace

void resolve_defaults(Model& model) {
  for (const auto& entity : model.entities)
    for_each_property(entity->properties, [&](Property& property) {
      if (property.default_value && property.column_count == 1 && property.kind == PropertyKind::scalar)
        resolve_default(property, *property.default_value, *entity, model.problems);
    });
}

}  // namespace kin::metadata
