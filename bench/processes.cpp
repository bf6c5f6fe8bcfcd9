// SPDX-License-Identifier: MIT
#include "processes.hpp"

#include "measure.hpp"
#include "side.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace bench {

namespace {

std::string own_path() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length < 0) throw std::runtime_error("cannot read /proc/self/exe");
  return std::string(path, static_cast<std::size_t>(length));
}

/// What the child prints.
std::string child(const char* task, const char* side, const std::string& file) {
  const std::string command = "'" + own_path() + "' --child " + task + " " + side + " '" + file + "'";
  FILE* output = popen(command.c_str(), "r");
  if (!output) throw std::runtime_error("cannot start a child process");
  char text[64] = "";
  const bool answered = std::fgets(text, sizeof text, output) != nullptr;
  if (pclose(output) != 0 || !answered) throw std::runtime_error("the child process failed: " + command);
  return text;
}

/// Kilobytes.
double resident() {
  std::ifstream file("/proc/self/statm");
  double all = 0;
  double resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

double growth(Side& side) {
  side.find_one();
  side.touch_pages();
  const double before = resident();
  side.load();
  return resident() - before;
}

}  // namespace

Result measure_memory(const std::string& raw_file, const std::string& kin_file, int rounds) {
  Result result;
  result.name = "memory";
  result.unit = "KB";
  result.ratio = 3.0;
  for (int i = 0; i < rounds; ++i) {
    result.raw.add(std::stod(child("memory", "raw", raw_file)));
    result.kin.add(std::stod(child("memory", "kin", kin_file)));
  }
  return result;
}

Result measure_startup(const std::string& raw_file, const std::string& kin_file, int rounds) {
  Result result;
  result.name = "startup";
  for (int i = 0; i < rounds; ++i) {
    result.raw.add(microseconds([&] { child("startup", "raw", raw_file); }));
    result.kin.add(microseconds([&] { child("startup", "kin", kin_file); }));
  }
  return result;
}

int run_child(std::string_view task, std::string_view name, const std::string& file) {
  const std::unique_ptr<Side> side = name == "raw" ? make_raw_side(file) : make_kin_side(file);
  if (task == "memory") {
    std::printf("%.0f\n", growth(*side));
  } else {
    side->find_one();
    std::puts("done");
  }
  return 0;
}

}  // namespace bench
