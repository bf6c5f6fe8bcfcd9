// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "iso_codes.hpp"
#include "model.hpp"
#include "progress_bar.hpp"

namespace countries {

/// Makes a manager's entities equal to the ISO codes. It only assigns values: which of them are changes, and
/// what has to be written for them, the unit of work finds out at the flush.
class Importer {
 public:
  /// Loads what the database holds.
  explicit Importer(kin::EntityManager& em);

  void assign(const IsoCodes& codes, ProgressBar& progress);

  /// How many entities wait to be inserted or deleted.
  std::size_t changes() const;
  /// What does not fit together in the input, a sentence each.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void assign_country(const Json& entry);
  void assign_currency(const Json& entry);
  void assign_language(const Json& entry);
  void assign_subdivision(const Json& entry);
  void assign_parent(const Json& entry);

  Catalogue<Country, &Country::alpha_2> countries_;
  Catalogue<Subdivision, &Subdivision::code> subdivisions_;
  Catalogue<Currency, &Currency::alpha_3> currencies_;
  Catalogue<Language, &Language::alpha_3> languages_;
  std::vector<std::string> problems_{};
};

}  // namespace countries
