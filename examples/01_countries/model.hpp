// SPDX-License-Identifier: MIT
// What the database holds: plain structs, and below each what convention cannot know of it.
#pragma once

#include <kin/kin.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace countries {

struct Currency;
struct Subdivision;

/// ISO 3166-1.
struct Country {
  std::string alpha_2{};  // "FR"
  std::string alpha_3{};  // "FRA"
  std::string numeric{};  // "250"; text, since the zeros of "004" belong to the code
  std::string name{};
  std::optional<std::string> official_name{};
  std::optional<std::string> common_name{};
  std::optional<std::string> flag{};
  kin::Collection<Subdivision> subdivisions{};
  kin::Collection<Currency> currencies{};
};

/// ISO 3166-2: a tree, whose roots have no parent.
struct Subdivision {
  std::string code{};  // "FR-75"
  std::string name{};
  std::string type{};  // "Metropolitan department"; free text, there are more than a hundred
  kin::Ref<Country> country{};
  kin::Ref<Subdivision> parent{};
  kin::Collection<Subdivision> children{};
};

/// ISO 4217.
struct Currency {
  std::string alpha_3{};  // "CHF"
  std::string numeric{};
  std::string name{};
  kin::Ref<Country> country{};  // none for the euro, gold and others that no single country issues
};

// Stored as text, by these names.
enum class LanguageScope : std::uint8_t { individual, macrolanguage, special };
enum class LanguageType : std::uint8_t { ancient, constructed, extinct, historical, living, special };

/// ISO 639-3.
struct Language {
  std::string alpha_3{};  // "fra"
  std::string name{};
  LanguageScope scope{};
  LanguageType type{};
  std::optional<std::string> alpha_2{};        // "fr"
  std::optional<std::string> bibliographic{};  // "fre"
  std::optional<std::string> common_name{};
  std::optional<std::string> inverted_name{};  // "Albanian, Arbëreshë"
};

inline void describe(kin::Schema<Country>& country) {
  country.on<&Country::alpha_2>(kin::primary_key, kin::length(2));
  country.on<&Country::alpha_3>(kin::unique, kin::length(3));
  country.on<&Country::numeric>(kin::unique, kin::length(3));
  country.on<&Country::subdivisions>(kin::mapped_by<&Subdivision::country>);
  country.on<&Country::currencies>(kin::mapped_by<&Currency::country>, kin::order_by<&Currency::alpha_3>);
}

inline void describe(kin::Schema<Subdivision>& subdivision) {
  subdivision.on<&Subdivision::code>(kin::primary_key);
  subdivision.on<&Subdivision::country>(kin::index);
  subdivision.on<&Subdivision::parent>(kin::nullable(), kin::index);
  subdivision.on<&Subdivision::children>(kin::mapped_by<&Subdivision::parent>,
                                         kin::order_by<&Subdivision::code>);
}

inline void describe(kin::Schema<Currency>& currency) {
  currency.on<&Currency::alpha_3>(kin::primary_key, kin::length(3));
  currency.on<&Currency::country>(kin::nullable(), kin::index);
}

inline void describe(kin::Schema<Language>& language) {
  language.on<&Language::alpha_3>(kin::primary_key, kin::length(3));
  language.on<&Language::alpha_2>(kin::unique, kin::length(2));
}

}  // namespace countries
