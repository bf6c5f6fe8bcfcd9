// SPDX-License-Identifier: MIT
// Reads by plans and writes by batches, made by hand: what the loader and the unit of work ask of the driver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/detail/codec.hpp>
#include <kin/error.hpp>

#include <cmath>
#include <cstddef>
#include <deque>

#include "async/thread_pool.hpp"
#include "db/sqlite/support.hpp"
#include "drivers/sqlite/sqlite_database.hpp"
#include "drivers/sqlite/sqlite_wire.hpp"

namespace kin::seam_test {
namespace {

using detail::Codec;
using detail::EntityState;
using driver::Operation;
using driver::WriteBatch;
using testing::ElementsAre;
using testing::HasSubstr;

struct Author {
  std::int64_t id = 0;
  std::string name;
  double rating = 0;
  std::string shout;  // generated
};

// Just enough of a codec for these tests.
template <class T>
Codec codec_of(ValueKind kind) {
  Codec codec{};
  codec.kind = kind;
  codec.view = [](const Codec&, const void* member, Scratch& scratch) -> ValueView {
    const T& value = *static_cast<const T*>(member);
    if constexpr (std::is_same_v<T, std::string>) {
      scratch.large = value;  // as a codec does whose member isn't in its database form
      return ValueView::text(scratch.large).as_transient();
    } else if constexpr (std::is_same_v<T, double>) {
      return ValueView::real(value);
    } else {
      return ValueView::integer(value);
    }
  };
  codec.assign = [](const Codec&, void* member, ValueView cell) {
    T& value = *static_cast<T*>(member);
    if constexpr (std::is_same_v<T, std::string>) {
      value = cell.bytes();
    } else if constexpr (std::is_same_v<T, double>) {
      value = cell.as_real();
    } else {
      value = cell.as_integer();
    }
  };
  return codec;
}

const Codec integer_codec = codec_of<std::int64_t>(ValueKind::integer);
const Codec real_codec = codec_of<double>(ValueKind::real);
const Codec text_codec = codec_of<std::string>(ValueKind::text);

struct AuthorMetadata {
  AuthorMetadata() {
    entity.name = "Author";
    entity.table = "author";
    entity.properties.resize(4);
    entity.columns.resize(4);
    define(0, "id", integer_codec, offsetof(Author, id));
    define(1, "name", text_codec, offsetof(Author, name));
    define(2, "rating", real_codec, offsetof(Author, rating));
    define(3, "shout", text_codec, offsetof(Author, shout));
    entity.key = {&entity.columns[0]};
    entity.columns[0].primary_key = true;
  }
  void define(std::size_t index, const char* name, const Codec& codec, std::size_t offset) {
    Property& property = entity.properties[index];
    property.name = name;
    property.entity = &entity;
    property.codec = &codec;
    Column& column = entity.columns[index];
    column.name = name;
    column.property = &property;
    column.entity = &entity;
    column.codec = &codec;
    column.index = static_cast<std::uint32_t>(index);
    column.access.offset = static_cast<std::uint32_t>(offset);
  }
  const Column* column(std::size_t index) const { return &entity.columns[index]; }

  EntityMetadata entity;
};

// An entity with its state in front of it, as in a manager's arena.
struct Row {
  explicit Row(std::string name, double rating = 0) {
    author.name = std::move(name);
    author.rating = rating;
  }
  EntityState state;
  Author author;
};
static_assert(offsetof(Row, author) == sizeof(EntityState));

class SqliteSeam : public testing::Test {
 protected:
  SqliteSeam() {
    execute(loan_,
            "create table author (id integer primary key, name text not null unique, rating real, "
            "shout text generated always as (upper(name)))");
    queries_.clear();
  }

  Row& add(std::string name, double rating = 0) { return rows_.emplace_back(std::move(name), rating); }

  WriteBatch batch(Operation operation, std::vector<const Column*> columns,
                   std::vector<const Column*> returning = {}) {
    WriteBatch batch;
    batch.operation = operation;
    batch.entity = &metadata_.entity;
    batch.columns = std::move(columns);
    batch.returning = std::move(returning);
    for (Row& row : rows_) batch.rows.push_back(&row.state);
    return batch;
  }
  void write(WriteBatch& batch) { run_blocking(loan_->write(batch)); }
  std::vector<std::string> names_by_id(const query::ReadPlan& plan, std::int64_t id);
  const Column* id() const { return metadata_.column(0); }
  const Column* name() const { return metadata_.column(1); }
  const Column* rating() const { return metadata_.column(2); }
  const Column* shout() const { return metadata_.column(3); }

  std::vector<Query> queries_;
  const std::unique_ptr<driver::Driver> driver_ = make_driver(":memory:", {}, [this](Options& options) {
    options.query_logger = [this](const Query& query) { queries_.push_back(query); };
  });
  Loan loan_ = lend(*driver_);
  AuthorMetadata metadata_;
  std::deque<Row> rows_;
};

TEST_F(SqliteSeam, InsertReturnsAllColumnsThatWereAskedFor) {
  add("Ursula");
  add("Octavia");
  WriteBatch insert = batch(Operation::insert, {name(), rating()}, {id(), shout()});
  write(insert);
  EXPECT_EQ(rows_[0].author.id, 1);
  EXPECT_EQ(rows_[1].author.id, 2);
  EXPECT_EQ(rows_[1].author.shout, "OCTAVIA");
}

// Where the key is all that is wanted back, the text returns nothing: the row's number is the key.
TEST_F(SqliteSeam, InsertTakesTheKeyFromTheRowsNumber) {
  add("Ursula");
  add("Octavia");
  async::ThreadPool threads(1);
  sqlite::SqliteWire wire(sqlite::open_database("file:/kin-test-wire?vfs=memdb"), threads, 8);
  run_blocking(wire.execute("create table author (id integer primary key, name text)", {}, nullptr));
  run_blocking(wire.execute("insert into author values (41, 'x')", {}, nullptr));
  WriteBatch insert = batch(Operation::insert, {name()}, {id()});
  const std::string text = "insert into author (name) values (?)";
  run_blocking(wire.write(text, insert));
  EXPECT_EQ(rows_[0].author.id, 42);
  EXPECT_EQ(rows_[1].author.id, 43);
}

TEST_F(SqliteSeam, UpdateAndRemoveTellOfRowsThatAreGone) {
  add("Ursula").author.id = 1;
  add("Octavia").author.id = 2;
  add("Nobody").author.id = 99;
  execute(loan_, "insert into author (id, name) values (1, 'U'), (2, 'O')");
  WriteBatch update = batch(Operation::update, {name(), rating()}, {shout()});
  write(update);
  EXPECT_THAT(update.missed_rows(), ElementsAre(2u));
  EXPECT_EQ(text(loan_, "select group_concat(name) from (select name from author order by id)"),
            "Ursula,Octavia");
  EXPECT_EQ(rows_[0].author.shout, "URSULA");
  EXPECT_EQ(rows_[2].author.shout, "");

  WriteBatch remove = batch(Operation::remove, {});
  write(remove);
  EXPECT_THAT(remove.missed_rows(), ElementsAre(2u));
  EXPECT_EQ(integer(loan_, "select count(*) from author"), 0);
}

TEST_F(SqliteSeam, ErrorsOfABatchNameEntityAndMember) {
  add("Ursula");
  add("Ursula");
  WriteBatch insert = batch(Operation::insert, {name()}, {id()});
  const auto error = caught<UniqueConstraintViolationError>([&] { write(insert); });
  EXPECT_EQ(error.entity(), "Author");
  EXPECT_EQ(error.property(), "name");
  EXPECT_EQ(error.constraint(), "author.name");
}

TEST_F(SqliteSeam, RefusedValuesOfABatchNameEntityAndMember) {
  add("Ursula", std::nan(""));
  WriteBatch insert = batch(Operation::insert, {name(), rating()}, {id()});
  const auto error = caught<ValidationError>([&] { write(insert); });
  EXPECT_EQ(error.entity(), "Author");
  EXPECT_EQ(error.property(), "rating");
  EXPECT_THAT(error.what(), HasSubstr("Author.rating: SQLite stores NaN as null"));

  rows_[0].author = Author();
  rows_[0].author.name = "\xff";
  EXPECT_EQ(caught<ValidationError>([&] { write(insert); }).property(), "name");
}

TEST_F(SqliteSeam, TheLoggerHearsABatchAsOneStatement) {
  add("Ursula", 1);
  add("Octavia", 2);
  WriteBatch insert = batch(Operation::insert, {name(), rating()}, {id(), shout()});
  write(insert);
  ASSERT_EQ(queries_.size(), 1u);
  EXPECT_EQ(queries_[0].executions, 2u);
  EXPECT_EQ(queries_[0].rows, 2u);
  ASSERT_EQ(queries_[0].parameters.size(), 4u);
  EXPECT_EQ(queries_[0].parameters[2].view().bytes(), "Octavia");
}

TEST_F(SqliteSeam, ABatchInAReadOnlyTransactionIsRefused) {
  add("Ursula");
  begin(loan_, {.read_only = true});
  WriteBatch insert = batch(Operation::insert, {name()}, {id()});
  EXPECT_THROW(write(insert), ReadOnlyError);
}

TEST_F(SqliteSeam, AnEmptyBatchWritesNothing) {
  WriteBatch insert = batch(Operation::insert, {name()}, {id()});
  write(insert);
  EXPECT_EQ(integer(loan_, "select count(*) from author"), 0);
}

// -------------------------------------------------------------------------------------------------------
// reads

// select name, rating from author where id = ?
std::unique_ptr<query::ReadPlan> plan_by_id(const AuthorMetadata& metadata) {
  auto plan = std::make_unique<query::ReadPlan>();
  plan->root = &metadata.entity;
  query::Source& root = plan->sources.emplace_back();
  root.entity = &metadata.entity;
  root.alias = "a";
  const auto field = [](const Column* column) {
    query::Node node;
    node.op = detail::Op::field;
    node.column = column;
    node.source = 0;
    return node;
  };
  for (const std::size_t index : {1u, 2u}) {
    query::SelectItem& item = plan->select.emplace_back();
    item.expression.push_back(field(metadata.column(index)));
  }
  query::Node value;
  value.op = detail::Op::value;
  value.value = 0;
  value.begin = 1;
  query::Node equal;
  equal.op = detail::Op::eq;
  equal.count = 2;
  plan->where = {field(metadata.column(0)), value, equal};
  plan->value_count = 1;
  return plan;
}

struct NameSink : driver::RowSink {
  void row(const ValueView* cells) override { names.emplace_back(cells[0].bytes()); }
  std::vector<std::string> names;
};

std::vector<std::string> SqliteSeam::names_by_id(const query::ReadPlan& plan, std::int64_t id) {
  const ValueView value = ValueView::integer(id);
  const driver::ReadRequest request{plan, std::span(&value, 1)};
  NameSink sink;
  run_blocking(loan_->read(request, sink));
  return sink.names;
}

TEST_F(SqliteSeam, ReadsAPlan) {
  execute(loan_, "insert into author (id, name) values (1, 'Ursula'), (2, 'Octavia')");
  queries_.clear();
  const auto plan = plan_by_id(metadata_);
  EXPECT_THAT(names_by_id(*plan, 2), ElementsAre("Octavia"));
  EXPECT_THAT(names_by_id(*plan, 1), ElementsAre("Ursula"));
  EXPECT_THAT(names_by_id(*plan, 3), ElementsAre());
  ASSERT_EQ(queries_.size(), 3u);
  EXPECT_EQ(queries_[0].rows, 1u);
  EXPECT_EQ(queries_[2].rows, 0u);
  EXPECT_EQ(queries_[0].sql, loan_->text_of(*plan));
  EXPECT_THAT(loan_->text_of(*plan), HasSubstr(R"("author")"));
}

TEST_F(SqliteSeam, ThePlansTextIsMadeOnce) {
  const auto plan = plan_by_id(metadata_);
  loan_->text_of(*plan);
  const void* const compiled = plan->compiled.get();
  const Loan other = lend(*driver_);
  other->text_of(*plan);
  EXPECT_EQ(plan->compiled.get(), compiled);
}

Task<void> read_awaited(driver::Driver& driver, const query::ReadPlan& plan, NameSink& sink) {
  Loan loan = co_await driver.acquire();
  const ValueView value = ValueView::integer(1);
  const driver::ReadRequest request{plan, std::span(&value, 1)};
  co_await loan->read(request, sink);
}

TEST_F(SqliteSeam, ReadsAPlanForOneWhoAwaits) {
  execute(loan_, "insert into author (id, name) values (1, 'Ursula')");
  const auto plan = plan_by_id(metadata_);
  NameSink sink;
  sync_wait(read_awaited(*driver_, *plan, sink));
  EXPECT_THAT(sink.names, ElementsAre("Ursula"));
}

}  // namespace
}  // namespace kin::seam_test
