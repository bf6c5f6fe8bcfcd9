// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>
#include <kin/sqlite.hpp>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "db/support/seam.hpp"

/// What the tests of the SQLite driver share beside seam.hpp.
namespace kin::seam_test {

/// A database file of its own, deleted at the end.
class TemporaryDatabase {
 public:
  TemporaryDatabase();
  TemporaryDatabase(const TemporaryDatabase&) = delete;
  TemporaryDatabase& operator=(const TemporaryDatabase&) = delete;
  ~TemporaryDatabase() { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "test.db").string(); }
  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

inline std::unique_ptr<driver::Driver> make_driver(std::string db_name, sqlite::Options settings = {},
                                                   const std::function<void(Options&)>& change = {}) {
  Options options;
  options.driver = sqlite::driver(std::move(settings));
  options.db_name = std::move(db_name);
  if (change) change(options);
  return options.driver->make(options);
}

inline TemporaryDatabase::TemporaryDatabase() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kin-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("can't make a temporary folder");
  folder_ = pattern;
}

}  // namespace kin::seam_test
