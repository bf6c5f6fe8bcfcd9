// SPDX-License-Identifier: MIT
// As a user of kin would write it, with kin's defaults.
#include "measure.hpp"
#include "servers/contestant.hpp"

#include <kin/kin.hpp>
#ifdef KIN_BENCH_MYSQL
#include <kin/mysql.hpp>
#endif
#include <kin/postgresql.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace bench::servers {
namespace model {

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  std::int64_t updated_at{};
};

inline void describe(kin::Schema<Author>& author) { author.table("kin_author"); }

struct Book;
struct Tag;
struct Writer {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  kin::Collection<Book> books{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  double price{};
  kin::Ref<Writer> writer{};
  kin::Collection<Tag> tags{};
};
struct Tag {
  std::int64_t id{};
  std::string name{};
};
inline void describe(kin::Schema<Writer>& writer) {
  writer.table("kin_writer");
  writer.on<&Writer::books>(kin::mapped_by<&Book::writer>);
}
inline void describe(kin::Schema<Book>& book) {
  book.table("kin_book");
  book.on<&Book::tags>(kin::pivot_table("kin_book_tag"));
}
inline void describe(kin::Schema<Tag>& tag) { tag.table("kin_tag"); }

inline constexpr kin::EntityList entities = kin::entities<Author, Writer, Book, Tag>;

}  // namespace model

namespace {

using kin::field;
using model::Author;
using model::Book;
using model::Tag;
using model::Writer;

class Kin : public Contestant {
 public:
  explicit Kin(kin::Options options) : orm_(std::move(options)) {
    orm_.schema().drop();
    orm_.schema().create();
  }
  ~Kin() override { orm_.schema().drop(); }

  void empty() override { orm_.em().execute("truncate table kin_author"); }
  void fill() override { orm_.em().execute(filling("kin_author")); }
  void load() override {
    em_.emplace(orm_.em());
    authors_ = em_->find<Author>().list();
    require(authors_.size() == author_count, "authors");
  }
  void change() override {
    ++round_;
    for (const auto& author : authors_) {
      author->age = 100 + round_;
      ++author->updated_at;
    }
  }
  void find_by_id() override {
    for (std::int64_t id = 1; id <= look_up_count; ++id) {
      kin::EntityManager em = orm_.em();
      const auto author = em.find_one<Author>(id);
      require(static_cast<bool>(author), "author");
      keep(author->name.size());
    }
  }
  void find_all() override {
    kin::EntityManager em = orm_.em();
    require(em.find<Author>().list().size() == author_count, "authors");
  }
  void insert() override {
    kin::EntityManager em = orm_.em();
    kin::Ref<Author> last;
    for (int i = 0; i < author_count; ++i) {
      last = em.create<Author>({.name = "Author " + std::to_string(i),
                                .email = "a" + std::to_string(i) + "@example.com",
                                .age = i % 80,
                                .updated_at = 1'700'000'000'000 + i});
    }
    em.flush();
    require(last.id() >= author_count, "key");  // MariaDB leaves gaps between statements
  }
  void flush() override { em_->flush(); }
  void remove() override {
    for (const auto& author : authors_) em_->remove(author);
    em_->flush();
  }
  void unload() override {
    authors_.clear();
    em_.reset();
  }

 protected:
  kin::Orm orm_;

 private:
  std::optional<kin::EntityManager> em_{};
  std::vector<kin::Ref<Author>> authors_{};
  int round_ = 0;
};

class KinOnPostgresql final : public Kin {
 public:
  using Kin::Kin;

  void empty() override { orm_.em().execute("truncate kin_author restart identity"); }
  void fill() override { insert(); }
  void empty_graph() override {
    kin::EntityManager em = orm_.em();
    em.execute("truncate kin_writer, kin_book, kin_tag, kin_book_tag restart identity");
    for (int i = 0; i < tag_count; ++i) em.create<Tag>({.name = "tag" + std::to_string(i)});
    em.flush();
  }
  void insert_graph() override {
    kin::EntityManager em = orm_.em();
    std::vector<kin::Ref<Tag>> tags;
    for (int i = 0; i < tag_count; ++i) tags.push_back(em.get_reference<Tag>(i + 1));
    kin::Ref<Book> book;
    for (int i = 0, n = 0; i < graph_author_count; ++i) {
      const auto writer = em.create<Writer>(
          {.name = "Writer " + std::to_string(i), .email = "w" + std::to_string(i) + "@example.com"});
      for (int j = 0; j < books_per_author; ++j, ++n) {
        book = em.create<Book>({.title = "Book " + std::to_string(n), .price = n % 100 / 2.0, .writer = writer});
        for (int which = 0; which < tags_per_book; ++which)
          book->tags.add(tags[static_cast<std::size_t>(tag_of(n, which))]);
      }
    }
    em.flush();
    require(book->id == graph_author_count * books_per_author, "key");
  }
};

kin::Options on_postgresql(const std::string& url) {
  kin::Options options;
  options.driver = kin::postgresql::driver();
  options.client_url = url;
  options.entities = model::entities;
  return options;
}

kin::Task<void> look_up(kin::Orm& orm, int first, int count) {
  for (int i = 0; i < count; ++i) {
    kin::EntityManager em = orm.em();
    const auto author = co_await em.find_one_async<Author>(1 + (first + i) % author_count);
    keep(author->name.size());
  }
}

kin::Task<void> look_up_at_once(kin::Orm& orm, int look_ups) {
  constexpr int coroutines = 200;
  std::vector<kin::Task<void>> tasks;
  for (int i = 0; i < coroutines; ++i) tasks.push_back(look_up(orm, i * look_ups / coroutines, look_ups / coroutines));
  co_await kin::when_all(std::move(tasks));
}

constexpr int connections = 8;

/// Opens the connections, each of which has the statement prepared then.
void warm_up(kin::Orm& orm) { kin::sync_wait(look_up_at_once(orm, 4000)); }

}  // namespace

std::unique_ptr<Contestant> make_kin_on_postgresql(const std::string& url) {
  return std::make_unique<KinOnPostgresql>(on_postgresql(url));
}

#ifdef KIN_BENCH_MYSQL
std::unique_ptr<Contestant> make_kin_on_mysql(const std::string& url) {
  kin::mysql::Options settings;
  settings.tls = kin::mysql::Tls::off;
  kin::Options options;
  options.driver = kin::mysql::driver(settings);
  options.client_url = url;
  options.entities = kin::entities<Author>;
  return std::make_unique<Kin>(std::move(options));
}
#endif

double look_up_by_threads(const std::string& url, int look_ups) {
  kin::Options options = on_postgresql(url);
  options.pool_size = connections;
  kin::Orm orm(std::move(options));
  warm_up(orm);
  const double time = microseconds([&] {
    std::vector<std::jthread> threads;
    for (int t = 0; t < connections; ++t)
      threads.emplace_back([&orm, t, count = look_ups / connections] {
        for (int i = 0; i < count; ++i) {
          kin::EntityManager em = orm.em();
          keep(em.find_one<Author>(1 + (t * count + i) % author_count)->name.size());
        }
      });
  });
  return time / look_ups;
}

double look_up_by_coroutines(const std::string& url, int look_ups) {
  kin::Options options = on_postgresql(url);
  options.pool_size = connections;
  kin::Orm orm(std::move(options));
  warm_up(orm);
  return microseconds([&] { kin::sync_wait(look_up_at_once(orm, look_ups)); }) / look_ups;
}

}  // namespace bench::servers
