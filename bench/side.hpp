// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

namespace bench {

/// One contestant with a database file of its own. Each operation is one function; what the clock does not
/// see stands apart as fill_…, load and change.
class Side {
 public:
  Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  virtual ~Side() = default;

  virtual void create_tables() = 0;
  virtual void empty() = 0;
  virtual void fill_authors(int count) = 0;
  virtual void fill_tags() = 0;
  virtual void fill_graph() = 0;

  virtual void find_by_id() = 0;
  virtual void find_all() = 0;
  virtual void find_all_raw() = 0;
  virtual void populate_select_in() = 0;
  virtual void populate_joined() = 0;
  virtual void populate_balanced() = 0;
  virtual void insert_uow() = 0;
  virtual void insert_graph() = 0;
  virtual void update_uow() = 0;
  virtual void delete_uow() = 0;  ///< of what load() loaded
  virtual void query_build() = 0;

  virtual void load() = 0;    ///< all authors, kept until unload(), with what is needed to see changes
  virtual void change() = 0;  ///< two members of each loaded author
  virtual void flush() = 0;   ///< writes what change() changed
  virtual void look() = 0;    ///< a flush without a change
  virtual void unload() = 0;

  virtual void find_one() = 0;     ///< any author
  virtual void touch_pages() = 0;  ///< brings the table into the database's own cache
};

/// With `serialized` SQLite guards each call by a mutex, as sqlite3_open() has it; kin's connections do
/// without.
std::unique_ptr<Side> make_raw_side(const std::string& file, bool serialized = false);
std::unique_ptr<Side> make_kin_side(const std::string& file);

}  // namespace bench
