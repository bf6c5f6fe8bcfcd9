// SPDX-License-Identifier: MIT
// kin beside a client library used by hand, on the server that KIN_TEST_POSTGRESQL_URL names; see bench/servers/run.
#include "measure.hpp"
#include "result.hpp"
#include "servers/contestant.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

namespace {

using namespace bench;
using servers::Contestant;

struct Operation {
  const char* name;
  double divisor;
  void (*before)(Contestant&);
  void (*run)(Contestant&);
  double ratio;
};

void nothing(Contestant&) {}
void empty(Contestant& side) { side.empty(); }
void filled(Contestant& side) {
  side.unload();
  side.empty();
  side.fill();
}
void loaded(Contestant& side) {
  filled(side);
  side.load();
}
void changed(Contestant& side) {
  loaded(side);
  side.change();
}

constexpr Operation operations[] = {
    {"find_by_id", servers::look_up_count, nothing, [](Contestant& side) { side.find_by_id(); }, 1.15},
    {"find_all", servers::author_count, nothing, [](Contestant& side) { side.find_all(); }, 1.6},
    {"insert_uow", servers::author_count, empty, [](Contestant& side) { side.insert(); }, 1.6},
    {"update_flush", servers::author_count, changed, [](Contestant& side) { side.flush(); }, 1.6},
    {"delete_uow", servers::author_count, loaded, [](Contestant& side) { side.remove(); }, 1.6},
};

double round_of(const Operation& operation, Contestant& side) {
  operation.before(side);
  return microseconds([&] { operation.run(side); }) / operation.divisor;
}

/// The sides take turns, and turns in being first.
Result measure(const Operation& operation, Contestant& raw, Contestant& kin, int rounds) {
  Result result;
  result.name = operation.name;
  result.ratio = operation.ratio;
  filled(raw);
  filled(kin);
  for (int i = -2; i < rounds; ++i) {
    const bool kin_first = i % 2 != 0;
    const double first = round_of(operation, kin_first ? kin : raw);
    const double second = round_of(operation, kin_first ? raw : kin);
    if (i < 0) continue;
    result.raw.add(kin_first ? second : first);
    result.kin.add(kin_first ? first : second);
  }
  return result;
}

}  // namespace

int main(int count, char** words) {
  try {
    const char* const url = std::getenv("KIN_TEST_POSTGRESQL_URL");
    if (url == nullptr) throw std::runtime_error("KIN_TEST_POSTGRESQL_URL is not set; bench/servers/run sets it");
    const int rounds = count > 1 ? std::max(1, std::atoi(words[1])) : 15;
    const auto raw = servers::make_libpq(url);
    const auto kin = servers::make_kin_on_postgresql(url);
    print_header(std::cout);
    for (const Operation& operation : operations) print_line(std::cout, measure(operation, *raw, *kin, rounds));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "kin_bench_servers: " << error.what() << '\n';
    return 1;
  }
}
