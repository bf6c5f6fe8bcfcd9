// SPDX-License-Identifier: MIT
// The floor on MySQL and MariaDB: what somebody writes by hand on libmariadb who knows it well.
#include "measure.hpp"
#include "servers/contestant.hpp"

#include <mysql.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace bench::servers {
namespace {

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  std::int64_t updated_at{};
};

/// The parts of mysql://user:password@host:port/database.
struct Address {
  std::string user{};
  std::string password{};
  std::string host{};
  unsigned port = 3306;
  std::string database{};
};

Address address_of(const std::string& url) {
  const auto between = [&](std::size_t from, std::size_t to) { return url.substr(from, to - from); };
  const std::size_t user = url.find("://") + 3;
  const std::size_t password = url.find(':', user) + 1;
  const std::size_t host = url.find('@', password) + 1;
  const std::size_t port = url.find(':', host) + 1;
  const std::size_t database = url.find('/', port) + 1;
  return {between(user, password - 1), between(password, host - 1), between(host, port - 1),
          static_cast<unsigned>(std::stoul(between(port, database - 1))), url.substr(database)};
}

struct CloseStatement {
  void operator()(MYSQL_STMT* statement) const noexcept { mysql_stmt_close(statement); }
};
using Statement = std::unique_ptr<MYSQL_STMT, CloseStatement>;

/// Rows of a result, read into buffers that are bound once.
class AuthorReader {
 public:
  explicit AuthorReader(MYSQL_STMT* statement) : statement_(statement) {
    bind(0, MYSQL_TYPE_LONGLONG, &id_, sizeof id_);
    bind(1, MYSQL_TYPE_STRING, name_.data(), name_.size());
    bind(2, MYSQL_TYPE_STRING, email_.data(), email_.size());
    bind(3, MYSQL_TYPE_LONG, &age_, sizeof age_);
    bind(4, MYSQL_TYPE_LONGLONG, &updated_at_, sizeof updated_at_);
    mysql_stmt_bind_result(statement_, binds_.data());
    mysql_stmt_store_result(statement_);
  }
  ~AuthorReader() { mysql_stmt_free_result(statement_); }

  bool next(Author& author) {
    if (mysql_stmt_fetch(statement_) != 0) return false;
    author.id = id_;
    author.name.assign(name_.data(), lengths_[1]);
    author.email.assign(email_.data(), lengths_[2]);
    if (nulls_[3] == 0) author.age = age_;
    author.updated_at = updated_at_;
    return true;
  }

 private:
  void bind(std::size_t column, enum_field_types type, void* to, std::size_t size) {
    binds_[column].buffer_type = type;
    binds_[column].buffer = to;
    binds_[column].buffer_length = static_cast<unsigned long>(size);
    binds_[column].length = &lengths_[column];
    binds_[column].is_null = &nulls_[column];
  }

  MYSQL_STMT* statement_;
  std::array<MYSQL_BIND, 5> binds_{};
  std::array<unsigned long, 5> lengths_{};
  std::array<my_bool, 5> nulls_{};
  std::array<char, 256> name_{};
  std::array<char, 256> email_{};
  std::int64_t id_{};
  std::int32_t age_{};
  std::int64_t updated_at_{};
};

MYSQL_BIND number(std::int64_t& value) {
  MYSQL_BIND bind{};
  bind.buffer_type = MYSQL_TYPE_LONGLONG;
  bind.buffer = &value;
  return bind;
}
MYSQL_BIND text(std::string& value, unsigned long& length) {
  MYSQL_BIND bind{};
  length = static_cast<unsigned long>(value.size());
  bind.buffer_type = MYSQL_TYPE_STRING;
  bind.buffer = value.data();
  bind.buffer_length = length;
  bind.length = &length;
  return bind;
}

// Larger statements are slower again.
constexpr int rows_of_insert = 250;

class Libmariadb final : public Contestant {
 public:
  explicit Libmariadb(const std::string& url) : connection_(mysql_init(nullptr)) {
    const Address address = address_of(url);
    const my_bool off = 0;
    mysql_optionsv(connection_, MYSQL_OPT_SSL_ENFORCE, &off);
    mysql_optionsv(connection_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &off);
    if (mysql_real_connect(connection_, address.host.c_str(), address.user.c_str(), address.password.c_str(),
                           address.database.c_str(), address.port, nullptr, CLIENT_FOUND_ROWS) == nullptr)
      throw std::runtime_error(mysql_error(connection_));
    is_mariadb_ = mariadb_connection(connection_) != 0;
    run("set names utf8mb4");
    run("drop table if exists raw_author");
    run("create table raw_author (id bigint auto_increment primary key, name longtext not null, email "
        "longtext not null, "
        "age int, updated_at bigint not null) character set utf8mb4");
    by_id_ = prepare("select id, name, email, age, updated_at from raw_author where id = ?");
    all_ = prepare("select id, name, email, age, updated_at from raw_author");
    std::string insert = "insert into raw_author (name, email, age, updated_at) values (?, ?, ?, ?)";
    if (is_mariadb_) {
      insert += " returning id";
    } else {
      for (int i = 1; i < rows_of_insert; ++i) insert += ", (?, ?, ?, ?)";
    }
    insert_ = prepare(insert);
    update_ = prepare("update raw_author set age = ?, updated_at = ? where id = ?");
    delete_ = prepare("delete from raw_author where id = ?");
  }
  ~Libmariadb() override {
    for (Statement* statement : {&by_id_, &all_, &insert_, &update_, &delete_}) statement->reset();
    run("drop table raw_author");
    mysql_close(connection_);
  }

  void empty() override { run("truncate table raw_author"); }
  void fill() override { run(filling("raw_author")); }
  void load() override { authors_ = all(); }
  void change() override {
    ++round_;
    for (Author& author : authors_) {
      author.age = 100 + round_;
      ++author.updated_at;
    }
  }
  void find_by_id() override {
    for (std::int64_t id = 1; id <= look_up_count; ++id) {
      MYSQL_BIND bind = number(id);
      mysql_stmt_bind_param(by_id_.get(), &bind);
      execute(by_id_);
      AuthorReader reader(by_id_.get());
      Author author;
      require(reader.next(author), "author");
      keep(author.name.size());
    }
  }
  void find_all() override { require(all().size() == author_count, "authors"); }
  void insert() override;
  void flush() override {
    write(update_, [](Row& row, Author& author) {
      row.numbers = {*author.age, author.updated_at, author.id};
      for (std::size_t i = 0; i < 3; ++i) row.binds[i] = number(row.numbers[i]);
    });
  }
  void remove() override {
    write(delete_, [](Row& row, Author& author) {
      row.numbers[0] = author.id;
      row.binds[0] = number(row.numbers[0]);
    });
  }
  void unload() override { authors_.clear(); }

 private:
  struct Row {
    std::array<std::int64_t, 3> numbers{};
    std::array<unsigned long, 2> lengths{};
    std::array<MYSQL_BIND, 4> binds{};
  };
  static Row row_of(Author& author) {
    Row row;
    row.numbers = {*author.age, author.updated_at, 0};
    return row;
  }
  static void bind_new(Row& row, Author& author) {
    row.binds = {text(author.name, row.lengths[0]), text(author.email, row.lengths[1]),
                 number(row.numbers[0]), number(row.numbers[1])};
  }

  void run(const std::string& sql) {
    if (mysql_query(connection_, sql.c_str()) != 0) throw std::runtime_error(mysql_error(connection_));
  }
  Statement prepare(const std::string& sql) {
    Statement statement(mysql_stmt_init(connection_));
    if (mysql_stmt_prepare(statement.get(), sql.c_str(), sql.size()) != 0)
      throw std::runtime_error(mysql_stmt_error(statement.get()));
    return statement;
  }
  static void execute(const Statement& statement) {
    if (mysql_stmt_execute(statement.get()) != 0) throw std::runtime_error(mysql_stmt_error(statement.get()));
  }
  std::vector<Author> all() {
    execute(all_);
    AuthorReader reader(all_.get());
    std::vector<Author> authors;
    std::unordered_map<std::int64_t, std::size_t> by_key;
    for (Author author; reader.next(author); author.age.reset()) {
      authors.push_back(author);
      by_key.emplace(author.id, authors.size() - 1);
    }
    keep(by_key.size());
    return authors;
  }
  static my_bool next_row(void* rows, MYSQL_BIND* binds, unsigned int row) {
    const Row& source = (*static_cast<std::vector<Row>*>(rows))[row];
    for (std::size_t i = 0; i < source.binds.size() && source.binds[i].buffer != nullptr; ++i) {
      binds[i].buffer = source.binds[i].buffer;
      binds[i].buffer_length = source.binds[i].buffer_length;
      binds[i].length = source.binds[i].length;
      binds[i].u.indicator = const_cast<char*>(&no_indicator);
    }
    return 0;
  }
  static void run_array(const Statement& statement, std::vector<Row>& rows) {
    const auto size = static_cast<unsigned int>(rows.size());
    mysql_stmt_attr_set(statement.get(), STMT_ATTR_ARRAY_SIZE, &size);
    mysql_stmt_attr_set(statement.get(), STMT_ATTR_CB_USER_DATA, &rows);
    mysql_stmt_attr_set(statement.get(), STMT_ATTR_CB_PARAM, reinterpret_cast<const void*>(&next_row));
    std::array<MYSQL_BIND, 4> binds = rows.front().binds;
    for (MYSQL_BIND& bind : binds) bind.u.indicator = const_cast<char*>(&no_indicator);
    mysql_stmt_bind_param(statement.get(), binds.data());
    execute(statement);
  }
  template <class Bind>
  void write(const Statement& statement, Bind bind) {
    run("start transaction");
    std::vector<Row> rows(authors_.size());
    std::uint64_t met = 0;
    for (std::size_t i = 0; i < authors_.size(); ++i) {
      bind(rows[i], authors_[i]);
      if (is_mariadb_) continue;
      mysql_stmt_bind_param(statement.get(), rows[i].binds.data());
      execute(statement);
      met += mysql_stmt_affected_rows(statement.get());
    }
    if (is_mariadb_) {
      run_array(statement, rows);
      met = mysql_stmt_affected_rows(statement.get());
    }
    require(met == authors_.size(), "rows met");
    run("commit");
  }

  static constexpr char no_indicator = STMT_INDICATOR_NONE;

  MYSQL* connection_;
  bool is_mariadb_ = false;
  Statement by_id_{};
  Statement all_{};
  Statement insert_{};
  Statement update_{};
  Statement delete_{};
  std::vector<Author> authors_{};
  int round_ = 0;
};

void Libmariadb::insert() {
  std::vector<Author> authors(author_count);
  for (int i = 0; i < author_count; ++i) {
    Author& author = authors[static_cast<std::size_t>(i)];
    author.name = "Author " + std::to_string(i);
    author.email = "a" + std::to_string(i) + "@example.com";
    author.age = i % 80;
    author.updated_at = 1'700'000'000'000 + i;
  }
  std::vector<Row> rows;
  rows.reserve(authors.size());
  for (Author& author : authors) {
    rows.push_back(row_of(author));
    bind_new(rows.back(), author);
  }
  run("start transaction");
  if (is_mariadb_) {
    run_array(insert_, rows);
    std::int64_t key = 0;
    MYSQL_BIND bind = number(key);
    mysql_stmt_bind_result(insert_.get(), &bind);
    mysql_stmt_store_result(insert_.get());
    for (Author& author : authors) {
      require(mysql_stmt_fetch(insert_.get()) == 0, "key");
      author.id = key;
    }
    mysql_stmt_free_result(insert_.get());
  } else {
    std::vector<MYSQL_BIND> binds;
    for (std::size_t first = 0; first < rows.size(); first += rows_of_insert) {
      binds.clear();
      for (std::size_t i = first; i < first + rows_of_insert; ++i)
        binds.insert(binds.end(), rows[i].binds.begin(), rows[i].binds.end());
      mysql_stmt_bind_param(insert_.get(), binds.data());
      execute(insert_);
      const auto key = static_cast<std::int64_t>(mysql_stmt_insert_id(insert_.get()));
      for (std::size_t i = 0; i < rows_of_insert; ++i)
        authors[first + i].id = key + static_cast<std::int64_t>(i);
    }
  }
  run("commit");
  require(authors.back().id >= author_count, "key");  // MariaDB leaves gaps between statements
}

}  // namespace

std::unique_ptr<Contestant> make_libmariadb(const std::string& url) {
  return std::make_unique<Libmariadb>(url);
}

}  // namespace bench::servers
