// SPDX-License-Identifier: MIT
// kin beside a client library used by hand, on the servers that KIN_TEST_POSTGRESQL_URL and its like name; see
// bench/servers/run.
#include "measure.hpp"
#include "result.hpp"
#include "servers/contestant.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <unistd.h>

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

constexpr double no_bar = 0;

void graph_emptied(Contestant& side) { side.empty_graph(); }

constexpr Operation on_postgresql[] = {
    {"find_by_id", servers::look_up_count, nothing, [](Contestant& side) { side.find_by_id(); }, 1.15},
    {"find_all", servers::author_count, nothing, [](Contestant& side) { side.find_all(); }, 1.6},
    {"insert_uow", servers::author_count, empty, [](Contestant& side) { side.insert(); }, 1.6},
    {"insert_graph", servers::graph_rows, graph_emptied, [](Contestant& side) { side.insert_graph(); }, 1.6},
    {"update_flush", servers::author_count, changed, [](Contestant& side) { side.flush(); }, 1.6},
    {"delete_uow", servers::author_count, loaded, [](Contestant& side) { side.remove(); }, 1.6},
};

constexpr Operation on_mysql[] = {
    {"find_by_id", servers::look_up_count, nothing, [](Contestant& side) { side.find_by_id(); }, no_bar},
    {"find_all", servers::author_count, nothing, [](Contestant& side) { side.find_all(); }, no_bar},
    {"insert_uow", servers::author_count, empty, [](Contestant& side) { side.insert(); }, 1.6},
    {"update_flush", servers::author_count, changed, [](Contestant& side) { side.flush(); }, no_bar},
    {"delete_uow", servers::author_count, loaded, [](Contestant& side) { side.remove(); }, no_bar},
};

double round_of(const Operation& operation, Contestant& side) {
  operation.before(side);
  return microseconds([&] { operation.run(side); }) / operation.divisor;
}

/// The sides take turns, and turns in being first.
Result measure(const Operation& operation, Contestant& raw, Contestant& kin, int rounds) {
  Result result;
  result.name = operation.name;
  if (operation.ratio != no_bar) result.ratio = operation.ratio;
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

using Make = std::unique_ptr<Contestant> (*)(const std::string& url);

void compare(const char* title, const std::string& url, Make make_raw, Make make_kin,
             std::span<const Operation> operations, int rounds) {
  const auto raw = make_raw(url);
  const auto kin = make_kin(url);
  std::cout << '\n' << title << '\n';
  print_header(std::cout);
  for (const Operation& operation : operations) print_line(std::cout, measure(operation, *raw, *kin, rounds));
}

/// Both sides are kin: eight threads that wait in place of raw C.
void compare_coroutines(const std::string& url, int rounds) {
  constexpr int look_ups = 20'000;
  const auto kin = servers::make_kin_on_postgresql(url);
  filled(*kin);
  Result result;
  result.name = "coroutines";
  result.ratio = 1.0;
  for (int i = 0; i < rounds; ++i) {
    result.raw.add(servers::look_up_by_threads(url, look_ups));
    result.kin.add(servers::look_up_by_coroutines(url, look_ups));
  }
  print_line(std::cout, result);
}

double resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6));
  return 0;
}

/// Kilobytes by which a process grows while it looks up a million authors, after its first ones.
double growth_by_look_ups(Make make, const std::string& url) {
  const auto side = make(url);
  filled(*side);
  const auto look_up = [&](int count) {
    for (int i = 0; i < count; i += servers::look_up_count) side->find_by_id();
  };
  look_up(50'000);
  const double before = resident_kilobytes();
  look_up(1'000'000);
  return resident_kilobytes() - before;
}

/// Runs in a process of its own, made while this one has no connections and threads. Returns where its figure comes.
int in_a_child(Make make, const std::string& url) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe");
  if (fork() == 0) {
    double growth = std::numeric_limits<double>::quiet_NaN();
    try {
      growth = growth_by_look_ups(make, url);
    } catch (const std::exception& error) {
      std::cerr << "lookups_memory: " << error.what() << '\n';
    }
    const auto written = write(ends[1], &growth, sizeof growth);
    _exit(written == sizeof growth ? 0 : 1);
  }
  close(ends[1]);
  return ends[0];
}

double figure_of(int end) {
  double figure = std::numeric_limits<double>::quiet_NaN();
  const auto size = read(end, &figure, sizeof figure);
  close(end);
  if (size != sizeof figure || std::isnan(figure)) throw std::runtime_error("lookups_memory: no figure");
  return figure;
}

void compare_memory(const std::string& url) {
  Result result;
  result.name = "lookups_memory";
  result.unit = "kB";
  result.limit = 1024;
  result.raw.add(figure_of(in_a_child(servers::make_libpq, url)));
  result.kin.add(figure_of(in_a_child(servers::make_kin_on_postgresql, url)));
  print_line(std::cout, result);
}

std::string url_of(const char* variable) {
  const char* const url = std::getenv(variable);
  return url == nullptr ? std::string() : std::string(url);
}

}  // namespace

int main(int count, char** words) {
  try {
    const int rounds = count > 1 ? std::max(1, std::atoi(words[1])) : 15;
    const std::string postgresql = url_of("KIN_TEST_POSTGRESQL_URL");
    if (postgresql.empty())
      throw std::runtime_error("KIN_TEST_POSTGRESQL_URL is not set; bench/servers/run sets it");
    compare("PostgreSQL", postgresql, servers::make_libpq, servers::make_kin_on_postgresql, on_postgresql, rounds);
    compare_coroutines(postgresql, rounds);
#ifdef KIN_BENCH_MYSQL
    for (const auto& [name, variable] : {std::pair{"MySQL", "KIN_TEST_MYSQL_URL"},
                                         std::pair{"MariaDB", "KIN_TEST_MARIADB_URL"}}) {
      const std::string url = url_of(variable);
      if (!url.empty()) compare(name, url, servers::make_libmariadb, servers::make_kin_on_mysql, on_mysql, rounds);
    }
#endif
    std::cout << "\nPostgreSQL\n";
    print_header(std::cout);
    compare_memory(postgresql);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "kin_bench_servers: " << error.what() << '\n';
    return 1;
  }
}
