// SPDX-License-Identifier: MIT
#include "importer.hpp"

#include <stdexcept>

namespace countries {

namespace {

/// By definition, codes of subdivisions and national currencies begin with the country's: FR-75, CHF.
std::string country_part(const std::string& code) { return code.substr(0, 2); }

LanguageScope scope_of(const std::string& letter) {
  switch (letter.front()) {
    case 'I':
      return LanguageScope::individual;
    case 'M':
      return LanguageScope::macrolanguage;
    case 'S':
      return LanguageScope::special;
    default:
      throw std::logic_error("read_iso_codes() let an unknown scope pass");
  }
}

LanguageType type_of(const std::string& letter) {
  switch (letter.front()) {
    case 'A':
      return LanguageType::ancient;
    case 'C':
      return LanguageType::constructed;
    case 'E':
      return LanguageType::extinct;
    case 'H':
      return LanguageType::historical;
    case 'L':
      return LanguageType::living;
    case 'S':
      return LanguageType::special;
    default:
      throw std::logic_error("read_iso_codes() let an unknown type pass");
  }
}

}  // namespace

Importer::Importer(kin::EntityManager& em)
    : countries_(em), subdivisions_(em), currencies_(em), languages_(em) {}

void Importer::assign(const IsoCodes& codes, ProgressBar& progress) {
  const auto for_each = [&](const Json& list, void (Importer::*assign_one)(const Json&)) {
    for (const Json& entry : list) {
      (this->*assign_one)(entry);
      progress.advance();
    }
  };
  for_each(codes.countries, &Importer::assign_country);
  for_each(codes.currencies, &Importer::assign_currency);
  for_each(codes.languages, &Importer::assign_language);
  for_each(codes.subdivisions, &Importer::assign_subdivision);
  // Only now, since a parent may stand behind its children in the file.
  for (const Json& entry : codes.subdivisions) assign_parent(entry);

  subdivisions_.remove_unlisted();
  currencies_.remove_unlisted();
  languages_.remove_unlisted();
  countries_.remove_unlisted();
}

void Importer::assign_country(const Json& entry) {
  const kin::Ref<Country> country = countries_.obtain(text(entry, "alpha_2"));
  country->alpha_3 = text(entry, "alpha_3");
  country->numeric = text(entry, "numeric");
  country->name = text(entry, "name");
  country->official_name = optional_text(entry, "official_name");
  country->common_name = optional_text(entry, "common_name");
  country->flag = optional_text(entry, "flag");
}

void Importer::assign_currency(const Json& entry) {
  const std::string& code = text(entry, "alpha_3");
  const kin::Ref<Currency> currency = currencies_.obtain(code);
  currency->numeric = text(entry, "numeric");
  currency->name = text(entry, "name");
  currency->country = countries_.find(country_part(code));
}

void Importer::assign_language(const Json& entry) {
  const kin::Ref<Language> language = languages_.obtain(text(entry, "alpha_3"));
  language->name = text(entry, "name");
  language->scope = scope_of(text(entry, "scope"));
  language->type = type_of(text(entry, "type"));
  language->alpha_2 = optional_text(entry, "alpha_2");
  language->bibliographic = optional_text(entry, "bibliographic");
  language->common_name = optional_text(entry, "common_name");
  language->inverted_name = optional_text(entry, "inverted_name");
}

void Importer::assign_subdivision(const Json& entry) {
  const std::string& code = text(entry, "code");
  const kin::Ref<Country> country = countries_.find(country_part(code));
  if (!country) {
    problems_.push_back(code + " is left out: there is no country " + country_part(code) + ".");
    return;
  }
  const kin::Ref<Subdivision> subdivision = subdivisions_.obtain(code);
  subdivision->name = text(entry, "name");
  subdivision->type = text(entry, "type");
  subdivision->country = country;
}

void Importer::assign_parent(const Json& entry) {
  const std::string& code = text(entry, "code");
  const kin::Ref<Subdivision> subdivision = subdivisions_.find(code);
  if (!subdivision) return;
  const std::optional<std::string> name = optional_text(entry, "parent");
  kin::Ref<Subdivision> parent;
  if (name) {
    // Most of the file names a parent without its country: "IDF" for FR-IDF.
    parent = subdivisions_.find(country_part(code) + "-" + *name);
    if (!parent) parent = subdivisions_.find(*name);
    if (!parent)
      problems_.push_back(code + " is kept without a parent: there is no subdivision " + *name + ".");
  }
  subdivision->parent = parent;
}

std::size_t Importer::changes() const {
  return countries_.changes() + subdivisions_.changes() + currencies_.changes() + languages_.changes();
}

}  // namespace countries
