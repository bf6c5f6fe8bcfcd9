// SPDX-License-Identifier: MIT
#include "questions.hpp"

#include <cstddef>
#include <iostream>

#include "model.hpp"
#include "table.hpp"

namespace countries {

using kin::field;

namespace {

void print_heading(const std::string& heading) { std::cout << '\n' << heading << '\n'; }

}  // namespace

void show_most_subdivided(kin::EntityManager& em) {
  struct Line {
    std::string country{};
    std::int64_t subdivisions{};
    std::int64_t types{};
  };
  const auto country = kin::alias<Country>("c");
  const auto lines = em.query<Subdivision>()
                         .join<&Subdivision::country>(country)
                         .select(country[field<&Country::name>].as("country"),
                                 kin::count(field<&Subdivision::code>).as("subdivisions"),
                                 kin::count_distinct(field<&Subdivision::type>).as("types"))
                         .group_by(country[field<&Country::alpha_2>], country[field<&Country::name>])
                         .having(kin::count(field<&Subdivision::code>) >= 50)
                         .order_by(kin::column("subdivisions").desc(), kin::column("country").asc())
                         .limit(10)
                         .rows<Line>();

  print_heading("The ten most subdivided countries");
  Table table({"Country", "Subdivisions", "Types"});
  for (const Line& line : lines)
    table.add({line.country, std::to_string(line.subdivisions), std::to_string(line.types)});
  std::cout << table;
}

void show_several_currencies(kin::EntityManager& em) {
  const auto found = em.find<Country>(field<&Country::currencies>.size() > 1)
                         .populate<&Country::currencies>()
                         .order_by(field<&Country::name>.asc())
                         .list();

  print_heading("Countries with more than one currency of their own");
  Table table({"Country", "Currencies"});
  for (const auto& country : found) {
    std::string currencies;
    for (const auto currency : country.get<&Country::currencies>())
      currencies += (currencies.empty() ? "" : ", ") + currency->alpha_3 + " " + currency->name;
    table.add({country->name, currencies});
  }
  std::cout << table;
}

void show_tree(kin::EntityManager& em, const std::string& country_code) {
  const kin::Ref<Country> country = em.find_one<Country>(country_code);
  if (!country) {
    print_heading("There is no country " + country_code + " to show the tree of.");
    return;
  }
  // Three levels: one more than the data has today.
  const auto roots =
      em.find<Subdivision>(field<&Subdivision::country> == country && field<&Subdivision::parent>.is_null())
          .populate<&Subdivision::children, &Subdivision::children>()
          .order_by(field<&Subdivision::code>.asc())
          .list();

  std::string title = country->name + " (" + country->official_name.value_or(country->alpha_3) + ")";
  if (const auto& flag = country->flag) title = *flag + " " + title;
  print_heading(title);
  const auto print = [](std::size_t level, const Subdivision& subdivision) {
    std::cout << std::string(level * 2, ' ') << subdivision.code << ' ' << subdivision.name << ", "
              << subdivision.type << '\n';
  };
  for (const auto& root : roots) {
    print(1, *root);
    for (const auto child : root.get<&Subdivision::children>()) {
      print(2, *child);
      for (const auto grandchild : child.get<&Subdivision::children>()) print(3, *grandchild);
    }
  }
}

void show_filtered(kin::EntityManager& em, const Arguments& arguments) {
  constexpr std::uint64_t most = 20;
  auto where = kin::all<Subdivision>();
  std::string description;
  if (arguments.name) {
    where &= field<&Subdivision::name>.contains(*arguments.name);
    description += " named like \"" + *arguments.name + "\"";
  }
  if (arguments.type) {
    where &= field<&Subdivision::type> == *arguments.type;
    description += " of the type \"" + *arguments.type + "\"";
  }
  if (arguments.of) {
    where &= field<&Subdivision::country, &Country::name>.contains(*arguments.of);
    description += " in countries named like \"" + *arguments.of + "\"";
  }
  const auto [found, total] =
      em.find<Subdivision>(where)
          .populate<&Subdivision::country>()
          .order_by(field<&Subdivision::country, &Country::name>.asc(), field<&Subdivision::code>.asc())
          .limit(most)
          .list_and_count();

  print_heading("Subdivisions" + description + ": " + std::to_string(total) +
                (total > most ? ", of which the first " + std::to_string(most) : ""));
  Table table({"Country", "Code", "Name", "Type"});
  for (const auto& subdivision : found)
    table.add({subdivision.get<&Subdivision::country>()->name, subdivision->code, subdivision->name,
               subdivision->type});
  std::cout << table;
}

void show_extinct_languages(kin::EntityManager& em, std::uint32_t page) {
  constexpr std::uint64_t page_size = 10;
  const auto [languages, total] = em.find<Language>(field<&Language::type> == LanguageType::extinct)
                                      .order_by(field<&Language::name>.asc(), field<&Language::alpha_3>.asc())
                                      .limit(page_size)
                                      .offset((page - 1) * page_size)
                                      .list_and_count();

  const std::uint64_t pages = (total + page_size - 1) / page_size;
  if (page > pages) {
    print_heading("Of the " + std::to_string(pages) + " pages of extinct languages none is page " +
                  std::to_string(page) + ".");
    return;
  }
  print_heading("Extinct languages: " + std::to_string(total) + ", page " + std::to_string(page) + " of " +
                std::to_string(pages));
  Table table({"Code", "Name"});
  for (const auto& language : languages) table.add({language->alpha_3, language->name});
  std::cout << table;
}

}  // namespace countries
