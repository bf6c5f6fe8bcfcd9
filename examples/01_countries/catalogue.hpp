// SPDX-License-Identifier: MIT
#pragma once

#include <kin/kin.hpp>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace countries {

/// All entities of one kind by their code: at first those that the database holds, then also new ones.
template <class Entity, auto Code>
class Catalogue {
 public:
  /// Loads them all.
  explicit Catalogue(kin::EntityManager& em) : em_(&em) {
    for (kin::Ref<Entity> entity : em.find<Entity>().list()) places_[(*entity).*Code].entity = entity;
  }

  /// The entity with a code that the input lists: the stored one, or a new one.
  kin::Ref<Entity> obtain(const std::string& code) {
    Place& place = places_[code];
    place.listed = true;
    if (!place.entity) {
      Entity entity;
      entity.*Code = code;
      place.entity = em_->create<Entity>(std::move(entity));
      ++created_;
    }
    return place.entity;
  }

  /// The entity with this code, if it was obtained.
  kin::Ref<Entity> find(const std::string& code) const {
    const auto found = places_.find(code);
    return found != places_.end() && found->second.listed ? found->second.entity : nullptr;
  }

  /// Removes the entities that the input does not list any more.
  void remove_unlisted() {
    for (const auto& [code, place] : places_) {
      if (place.listed) continue;
      em_->remove(place.entity);
      ++removed_;
    }
  }

  /// How many entities were created or removed.
  std::size_t changes() const { return created_ + removed_; }

 private:
  struct Place {
    kin::Ref<Entity> entity{};
    bool listed = false;
  };

  kin::EntityManager* em_;
  std::unordered_map<std::string, Place> places_{};
  std::size_t created_ = 0;
  std::size_t removed_ = 0;
};

}  // namespace countries
