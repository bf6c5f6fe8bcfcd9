// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

namespace bench::servers {

inline constexpr int author_count = 10'000;
inline constexpr int look_up_count = 2'000;

/// One contestant on a server, with a schema of its own. What the clock does not see stands apart as empty, fill, load
/// and change.
class Contestant {
 public:
  Contestant() = default;
  Contestant(const Contestant&) = delete;
  Contestant& operator=(const Contestant&) = delete;
  virtual ~Contestant() = default;

  virtual void empty() = 0;
  virtual void fill() = 0;  ///< author_count authors with keys from 1
  virtual void load() = 0;
  virtual void change() = 0;  ///< two members of each loaded author

  virtual void find_by_id() = 0;  ///< look_up_count times
  virtual void find_all() = 0;
  virtual void insert() = 0;
  virtual void flush() = 0;   ///< writes what change() changed
  virtual void remove() = 0;  ///< what load() loaded
  virtual void unload() = 0;
};

/// By hand on libpq: single prepared statements for look-ups, unnest with returning for inserts, a pipeline of prepared
/// statements for updates and deletes; binary parameters and results.
std::unique_ptr<Contestant> make_libpq(const std::string& url);
std::unique_ptr<Contestant> make_kin_on_postgresql(const std::string& url);

}  // namespace bench::servers
