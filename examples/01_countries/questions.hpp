// SPDX-License-Identifier: MIT
// Questions to the database, each with its answer printed.
#pragma once

#include <kin/kin.hpp>

#include <cstdint>
#include <string>

#include "arguments.hpp"

namespace countries {

void show_most_subdivided(kin::EntityManager& em);
void show_several_currencies(kin::EntityManager& em);
void show_tree(kin::EntityManager& em, const std::string& country_code);
void show_filtered(kin::EntityManager& em, const Arguments& arguments);
void show_extinct_languages(kin::EntityManager& em, std::uint32_t page);

}  // namespace countries
