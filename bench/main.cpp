// SPDX-License-Identifier: MIT
#include "library.hpp"
#include "operations.hpp"
#include "processes.hpp"
#include "result.hpp"
#include "side.hpp"

#include <unistd.h>

#include <charconv>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace bench;

constexpr const char* usage =
    R"(Usage: kin_bench [options]
Measures kin beside hand-written C on SQLite.

  --op NAME     only the operations whose name begins with NAME; may be repeated
  --rounds N    timed rounds of each side (default: 15)
  --side SIDE   raw or kin alone, for a profiler; prints no table
  --serialized  raw C opens its database as sqlite3_open() does: with a mutex around each call
  --json        one JSON object a line in place of the table
  --help        print this
)";

constexpr int untimed_rounds = 2;

struct Arguments {
  std::vector<std::string> operations{};
  std::string side{};
  int rounds = 15;
  bool json = false;
  bool serialized = false;
  bool help = false;

  bool wants(std::string_view operation) const {
    for (const std::string& name : operations)
      if (operation.starts_with(name)) return true;
    return operations.empty();
  }
};

int parse_rounds(std::string_view word) {
  int rounds = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), rounds);
  if (error != std::errc() || end != word.data() + word.size() || rounds < 1)
    throw std::invalid_argument("--rounds needs a number from 1");
  return rounds;
}

Arguments parse_arguments(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const bool has_value = word == "--op" || word == "--rounds" || word == "--side";
    if (has_value && i + 1 == count) throw std::invalid_argument(std::string(word) + " needs a value");
    if (word == "--op") {
      arguments.operations.emplace_back(words[++i]);
    } else if (word == "--rounds") {
      arguments.rounds = parse_rounds(words[++i]);
    } else if (word == "--side") {
      arguments.side = words[++i];
    } else if (word == "--json") {
      arguments.json = true;
    } else if (word == "--serialized") {
      arguments.serialized = true;
    } else if (word == "--help") {
      arguments.help = true;
    } else {
      throw std::invalid_argument("unknown option " + std::string(word));
    }
  }
  return arguments;
}

/// Throws for a name that nothing begins with.
void check_names(const Arguments& arguments) {
  for (const std::string& name : arguments.operations) {
    bool known =
        std::string_view("memory").starts_with(name) || std::string_view("startup").starts_with(name);
    for (const Operation& operation : operations()) known |= operation.name.starts_with(name);
    if (!known) throw std::invalid_argument("there is no operation " + name);
  }
}

/// A folder of its own, in memory where that can be, gone at the end.
class Folder {
 public:
  Folder() {
    const fs::path parent = fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
    path_ = parent / ("kin_bench." + std::to_string(getpid()));
    fs::create_directory(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  std::string file(const char* name) const { return path_ / name; }

 private:
  fs::path path_{};
};

double round_of(const Operation& operation, Side& side) {
  operation.before(side);
  const double time = microseconds([&] { operation.run(side); });
  operation.after(side);
  return time / operation.divisor;
}

/// The sides take turns, and turns in being first, so that what else the machine does falls on both.
Result measure(const Operation& operation, Side& raw, Side& kin, int rounds) {
  Result result;
  result.name = operation.name;
  result.ratio = operation.ratio;
  result.limit = operation.limit;
  operation.once(raw);
  operation.once(kin);
  for (int i = 0; i < untimed_rounds + rounds; ++i) {
    const bool kin_first = i % 2 == 1;
    const double first = round_of(operation, kin_first ? kin : raw);
    const double second = round_of(operation, kin_first ? raw : kin);
    if (i < untimed_rounds) continue;
    result.raw.add(kin_first ? second : first);
    result.kin.add(kin_first ? first : second);
  }
  raw.unload();
  kin.unload();
  return result;
}

class Bench {
 public:
  explicit Bench(const Arguments& arguments) : arguments_(arguments) {
    raw_->create_tables();
    kin_->create_tables();
  }
  void run();
  void run_side();

 private:
  void run_operations();
  void run_processes();
  void report(const Result& result);
  void note_populate(const Result& result);

  const Arguments& arguments_;
  Folder folder_{};
  std::string raw_file_ = folder_.file("raw.db");
  std::string kin_file_ = folder_.file("kin.db");
  std::unique_ptr<Side> raw_ = make_raw_side(raw_file_, arguments_.serialized);
  std::unique_ptr<Side> kin_ = make_kin_side(kin_file_);
  std::optional<Result> populate_{};
};

void Bench::run() {
  if (!arguments_.json) print_header(std::cout);
  run_operations();
  run_processes();
}

/// One side's rounds and nothing else.
void Bench::run_side() {
  if (arguments_.side != "raw" && arguments_.side != "kin")
    throw std::invalid_argument("--side is raw or kin, not " + arguments_.side);
  Side& side = arguments_.side == "raw" ? *raw_ : *kin_;
  for (const Operation& operation : operations()) {
    if (!arguments_.wants(operation.name)) continue;
    operation.once(side);
    for (int i = 0; i < arguments_.rounds; ++i) round_of(operation, side);
    side.unload();
  }
}

void Bench::run_operations() {
  for (const Operation& operation : operations()) {
    if (!arguments_.wants(operation.name)) continue;
    const Result result = measure(operation, *raw_, *kin_, arguments_.rounds);
    report(result);
    if (operation.name.starts_with("populate_")) note_populate(result);
  }
  if (populate_) report(*populate_);
}

void Bench::run_processes() {
  if (!arguments_.wants("memory") && !arguments_.wants("startup")) return;
  for (Side* side : {raw_.get(), kin_.get()}) {
    side->empty();
    side->fill_authors(library::author_count);
  }
  if (arguments_.wants("memory")) report(measure_memory(raw_file_, kin_file_, 3));
  if (arguments_.wants("startup")) report(measure_startup(raw_file_, kin_file_, arguments_.rounds));
}

void Bench::report(const Result& result) {
  if (arguments_.json) {
    print_json(std::cout, result);
  } else {
    print_line(std::cout, result);
  }
}

/// `populate` is the best of the strategies.
void Bench::note_populate(const Result& result) {
  if (populate_ && populate_->best_ratio() <= result.best_ratio()) return;
  populate_ = result;
  populate_->name = "populate";
  populate_->ratio = 2.0;
}

}  // namespace

int main(int count, char** words) {
  try {
    if (count == 5 && words[1] == std::string_view("--child")) return run_child(words[2], words[3], words[4]);
    const Arguments arguments = parse_arguments(count, words);
    if (arguments.help) {
      std::cout << usage;
      return 0;
    }
    check_names(arguments);
    if (arguments.side.empty()) {
      Bench(arguments).run();
    } else {
      Bench(arguments).run_side();
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "kin_bench: " << error.what() << '\n';
    return 1;
  }
}
