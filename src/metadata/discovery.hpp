// SPDX-License-Identifier: MIT
#pragma once

#include <kin/entity.hpp>

#include <string_view>

#include "metadata/model.hpp"

/// The steps from C++ types to finished metadata, in the order in which they run. Each reports what it finds
/// wrong and leaves that out, so that the next ones can still look at the rest.
namespace kin::metadata {

/// Describes the listed entities and those that their relations lead to, and puts embedded classes in place.
void discover_types(Model& model, const EntityList& listed);
/// Settles kind and owner of each relation and links both sides.
void resolve_relations(Model& model);
/// The word that says a relation's kind: "many_to_one".
std::string_view word_of(PropertyKind kind);
/// Marks the key and makes the columns of all entities.
void resolve_columns(Model& model);
/// Makes the pivot tables.
void resolve_pivots(Model& model);
/// Resolves and names indexes, unique constraints and checks.
void resolve_constraints(Model& model);
/// Tries the default values on fresh objects and brings them into the database form of their columns.
void resolve_defaults(Model& model);
/// What remains to be checked: words that contradict each other or the member, names that are taken.
void validate(Model& model);
/// Fills the lists of properties that the core walks over.
void fill_lists(Model& model);
/// Sorts the entities by their foreign keys and numbers them.
void order_for_commit(Model& model);

}  // namespace kin::metadata
