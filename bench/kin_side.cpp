// SPDX-License-Identifier: MIT
// The same operations as a user of kin would write them, with kin's defaults.
#include "library.hpp"
#include "measure.hpp"
#include "side.hpp"

#include <kin/kin.hpp>
#include <kin/sqlite.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

namespace model {

struct Book;
struct Tag;

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  std::optional<std::int64_t> born{};
  std::int64_t created_at{};
  std::int64_t updated_at{};
  kin::Collection<Book> books{};
};

struct Book {
  std::int64_t id{};
  std::string title{};
  kin::Ref<Author> author{};
  double price{};
  bool published{};
  std::optional<std::string> meta{};
  kin::Collection<Tag> tags{};
};

struct Tag {
  std::int64_t id{};
  std::string name{};
};

inline void describe(kin::Schema<Author>& author) {
  author.on<&Author::email>(kin::unique);
  author.on<&Author::books>(kin::mapped_by<&Book::author>);
}
inline void describe(kin::Schema<Book>& book) { book.on<&Book::tags>(kin::pivot_table("book_tag")); }
inline void describe(kin::Schema<Tag>& tag) { tag.on<&Tag::name>(kin::unique); }

}  // namespace model

namespace {

using kin::field;
using model::Author;
using model::Book;
using model::Tag;

struct AuthorRow {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  std::optional<std::int64_t> born{};
  std::int64_t created_at{};
  std::int64_t updated_at{};
};

kin::Options options(const std::string& file) {
  return {.driver = kin::sqlite::driver({.synchronous = kin::sqlite::Synchronous::off}),
          .db_name = file,
          .entities = kin::entities<Author, Book, Tag>};
}

Author make_author(int i) {
  return {.name = library::author_name(i),
          .email = library::author_email(i),
          .age = library::author_age(i),
          .born = library::author_born(i),
          .created_at = library::author_created(i),
          .updated_at = library::author_created(i)};
}

Book make_book(int n, const kin::Ref<Author>& author) {
  return {.title = library::book_title(n),
          .author = author,
          .price = library::book_price(n),
          .published = library::book_published(n),
          .meta = library::book_meta(n)};
}

void create_graph(kin::EntityManager& em, const std::vector<kin::Ref<Tag>>& tags) {
  int n = 0;
  for (int i = 0; i < library::graph_author_count; ++i) {
    const kin::Ref<Author> author = em.create<Author>(make_author(i));
    for (int j = 0; j < library::books_per_author; ++j, ++n) {
      const kin::Ref<Book> book = em.create<Book>(make_book(n, author));
      for (const std::size_t tag : library::book_tags(n)) book->tags.add(tags[tag]);
    }
  }
}

using Authors = std::vector<kin::Ref<Author>>;

Authors load_authors(kin::EntityManager& em) {
  Authors authors = em.find<Author>().list();
  require(authors.size() == library::author_count, "authors");
  return authors;
}

void change_authors(const Authors& authors, int round) {
  for (const kin::Ref<Author>& author : authors) {
    author->age = 100 + round;
    ++author->updated_at;
  }
}

std::string build_query(kin::EntityManager& em) {
  const auto book = kin::alias<Book>("b");
  const auto tag = kin::alias<Tag>("t");
  return em.query<Author>()
      .join<&Author::books>(book)
      .join(book[field<&Book::tags>], tag)
      .select(field<&Author::id>, field<&Author::name>, book[field<&Book::id>].as("book"),
              book[field<&Book::title>], tag[field<&Tag::name>].as("tag"))
      .where(field<&Author::age> > 18 && field<&Author::name>.like("A%") &&
             book[field<&Book::price>] < 50.0 && book[field<&Book::published>] == true &&
             tag[field<&Tag::name>].in({"x", "y", "z"}) &&
             (field<&Author::born>.is_null() || field<&Author::born> > 0))
      .order_by(field<&Author::name>.asc(), book[field<&Book::price>].desc())
      .limit(20)
      .sql();
}

class KinSide final : public Side {
 public:
  explicit KinSide(const std::string& file) : orm_(options(file)) {}

  void create_tables() override;
  void empty() override;
  void fill_authors(int count) override { orm_.em().execute(filled(library::fill_authors), count); }
  void fill_tags() override { orm_.em().execute(library::fill_tags); }
  void fill_graph() override;

  void find_by_id() override;
  void find_all() override;
  void find_all_raw() override;
  void populate_select_in() override { populate(kin::Strategy::select_in); }
  void populate_joined() override { populate(kin::Strategy::joined); }
  void populate_balanced() override { populate(kin::Strategy::balanced); }
  void insert_uow() override;
  void insert_graph() override;
  void update_uow() override;
  void delete_uow() override;
  void query_build() override;

  void load() override;
  void change() override { change_authors(loaded_, ++round_); }
  void flush() override { em_->flush(); }
  void look() override { em_->flush(); }
  void unload() override;
  void find_one() override;
  void touch_pages() override;

 private:
  static std::string filled(std::string sql);
  void populate(kin::Strategy strategy);

  kin::Orm orm_;
  std::optional<kin::EntityManager> em_{};
  Authors loaded_{};
  int round_ = 0;
};

void KinSide::create_tables() {
  kin::EntityManager em = orm_.em();
  for (const char* sql : library::tables) em.execute(sql);
}

void KinSide::empty() {
  kin::EntityManager em = orm_.em();
  for (const char* sql : library::empty_tables) em.execute(sql);
}

std::string KinSide::filled(std::string sql) { return sql.replace(sql.find('?'), 1, "{}"); }

void KinSide::fill_graph() {
  fill_authors(library::graph_author_count);
  fill_tags();
  kin::EntityManager em = orm_.em();
  em.execute(library::fill_books);
  em.execute(library::fill_links);
}

void KinSide::find_by_id() {
  for (std::int64_t id = 1; id <= library::author_count; ++id) {
    kin::EntityManager em = orm_.em();
    const kin::Ref<Author> author = em.find_one<Author>(id);
    require(static_cast<bool>(author), "author");
    keep(author->name.size());
  }
}

void KinSide::find_all() {
  kin::EntityManager em = orm_.em();
  keep(load_authors(em).size());
}

void KinSide::find_all_raw() {
  kin::EntityManager em = orm_.em();
  const std::vector<AuthorRow> authors =
      em.find<Author>()
          .as<AuthorRow>(field<&Author::id>, field<&Author::name>, field<&Author::email>, field<&Author::age>,
                         field<&Author::born>, field<&Author::created_at>, field<&Author::updated_at>)
          .list();
  require(authors.size() == library::author_count, "authors");
}

void KinSide::populate(kin::Strategy strategy) {
  kin::EntityManager em = orm_.em();
  const auto authors = em.find<Author>().populate<&Author::books, &Book::tags>().strategy(strategy).list();
  std::size_t books = 0;
  std::size_t links = 0;
  for (const auto& author : authors) {
    for (const auto& book : author.get<&Author::books>()) {
      ++books;
      links += book.get<&Book::tags>().size();
    }
  }
  require(authors.size() == library::graph_author_count && books == library::book_count &&
              links == library::link_count,
          "graph");
}

void KinSide::insert_uow() {
  kin::EntityManager em = orm_.em();
  kin::Ref<Author> last;
  for (int i = 0; i < library::author_count; ++i) last = em.create<Author>(make_author(i));
  em.flush();
  require(last.id() == library::author_count, "key");
}

void KinSide::insert_graph() {
  kin::EntityManager em = orm_.em();
  create_graph(em, em.find<Tag>().order_by(field<&Tag::id>.asc()).list());
  em.flush();
}

void KinSide::update_uow() {
  kin::EntityManager em = orm_.em();
  change_authors(load_authors(em), ++round_);
  em.flush();
}

void KinSide::delete_uow() {
  for (const kin::Ref<Author>& author : loaded_) em_->remove(author);
  em_->flush();
}

void KinSide::query_build() {
  kin::EntityManager em = orm_.em();
  std::size_t length = 0;
  for (int i = 0; i < library::query_count; ++i) length += build_query(em).size();
  keep(length);
}

void KinSide::load() {
  em_.emplace(orm_.em());
  loaded_ = load_authors(*em_);
}

void KinSide::unload() {
  loaded_.clear();
  em_.reset();
}

void KinSide::find_one() {
  kin::EntityManager em = orm_.em();
  const kin::Ref<Author> author = em.find<Author>().one();
  require(static_cast<bool>(author), "author");
  keep(author->name.size());
}

void KinSide::touch_pages() {
  require(orm_.em().execute("select sum(length(name || email)) from author").size() == 1, "author");
}

}  // namespace

std::unique_ptr<Side> make_kin_side(const std::string& file) { return std::make_unique<KinSide>(file); }

}  // namespace bench
