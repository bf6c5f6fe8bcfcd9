// SPDX-License-Identifier: MIT
#pragma once

#include <kin/entity.hpp>
#include <kin/error.hpp>
#include <kin/field.hpp>
#include <kin/options.hpp>
#include <kin/query_builder.hpp>
#include <kin/types/decimal.hpp>
#include <kin/types/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metadata/registry.hpp"
#include "query/planner.hpp"
#include "sql/statements.hpp"

/// A small model that has every kind of path, and requests without a manager.
namespace kin::query::testing {

struct Author;
struct Book;
struct Profile;
struct Tag;

struct Address {
  std::string street{};
  std::string city{};
};
struct Author {
  std::int64_t id{};
  std::string name{};
  std::optional<int> age{};
  Address address{};
  std::optional<Address> summer_house{};
  kin::Collection<Book> books{};
  kin::Ref<Profile> profile{};
};
/// One-to-one; the author's side has no column.
struct Profile {
  std::int64_t id{};
  std::string text{};
  kin::Ref<Author> author{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  double price{};
  std::string text{};
  int version{};
  kin::Ref<Author> author{};
  kin::Ref<Author> translator{};  // nullable
  kin::Collection<Tag> tags{};
  kin::Json meta{};
};
struct Tag {
  std::int64_t id{};
  std::string name{};
  kin::Collection<Book> books{};
};
/// A tree, with eager children.
struct Category {
  std::string code{};
  kin::Ref<Category> parent{};
  kin::Collection<Category> children{};
};
/// A composite key, of which one part refers to another entity.
struct Stock {
  kin::Ref<Book> book{};
  std::string place{};
  kin::Decimal value{};
};
struct Movement {
  std::int64_t id{};
  kin::Ref<Stock> stock{};
  kin::Decimal amount{};
};

inline void describe(kin::Schema<Author>& author) {
  author.on<&Author::books>(kin::mapped_by<&Book::author>, kin::order_by<&Book::title>);
  author.on<&Author::profile>(kin::mapped_by<&Profile::author>);
}
inline void describe(kin::Schema<Book>& book) {
  book.on<&Book::text>(kin::lazy);
  book.on<&Book::version>(kin::version);
  book.on<&Book::translator>(kin::nullable());
  book.on<&Book::tags>(kin::pivot_table("book_tag"));
}
inline void describe(kin::Schema<Tag>& tag) { tag.on<&Tag::books>(kin::mapped_by<&Book::tags>); }
inline void describe(kin::Schema<Category>& category) {
  category.on<&Category::code>(kin::primary_key);
  category.on<&Category::parent>(kin::nullable());
  category.on<&Category::children>(kin::mapped_by<&Category::parent>, kin::eager);
}
inline void describe(kin::Schema<Stock>& stock) {
  stock.on<&Stock::book>(kin::primary_key);
  stock.on<&Stock::place>(kin::primary_key);
}
inline void describe(kin::Schema<Movement>& movement) {
  movement.on<&Movement::amount>(kin::precision(12, 2));
}

inline Options model_options() {
  Options options;
  options.entities = kin::entities<Author, Profile, Book, Tag, Category, Stock, Movement>;
  return options;
}
inline const metadata::Registry& model() {
  static const metadata::Registry registry(model_options());
  return registry;
}

/// A request for T, put together as Find and QueryBuilder do.
template <class T>
struct Request : detail::FindRequest {
  Request() { root = detail::type_tag<T>; }
  template <class C>
  explicit Request(Condition<C> condition) : Request() {
    where = std::move(condition).expression();
  }
  template <auto... Members>
  Request& with() {
    populate.push_back(detail::checked_path<Members...>());
    return *this;
  }
  template <class R>
  Request& by(const Order<R>& term) {
    order.push_back({term.expression(), term.descending(), term.nulls()});
    return *this;
  }
  template <class Term>
  Request& column(const Term& term) {
    select.push_back(detail::select_term(term));
    return *this;
  }
  Request& rows(std::optional<std::uint64_t> most, std::optional<std::uint64_t> after = {}) {
    limit = most;
    offset = after;
    return *this;
  }
  Request& how(Strategy which) {
    strategy = which;
    return *this;
  }
};

/// What field<&Book::meta>[a][b] makes.
inline Computed<Book, detail::JsonValue> meta_at(std::initializer_list<std::string_view> keys) {
  detail::Expression expression = field<&Book::meta>.expression();
  for (const std::string_view key : keys) expression = detail::deeper_json(std::move(expression), key);
  return Computed<Book, detail::JsonValue>(std::move(expression));
}
/// What the operators of JSON members make.
inline Condition<Book> meta(detail::Op op, ValueView value) {
  const auto member = field<&Book::meta>;
  return Condition<Book>(detail::comparison(op, member.path(), member.alias(), value));
}

inline std::string sql_of(const PlannedRead& read, const sql::Dialect& dialect = sql::sqlite_dialect()) {
  return sql::select_text(read.plan, dialect).text;
}
inline std::string sql_of(const detail::FindRequest& request, ReadKind kind = ReadKind::rows,
                          const sql::Dialect& dialect = sql::sqlite_dialect()) {
  Planner planner(model(), Strategy::balanced);
  return sql_of(*planner.plan(request, kind), dialect);
}
/// Of a condition on T all of the statement that the condition makes: what follows `select count(*) from `.
template <class T>
std::string counted(const Condition<T>& condition, const sql::Dialect& dialect = sql::sqlite_dialect()) {
  const std::string text = sql_of(Request<T>(condition), ReadKind::count, dialect);
  constexpr std::string_view start = "select count(*) from ";
  return text.starts_with(start) ? text.substr(start.size()) : text;
}

/// The values of a statement in the order of its placeholders, as a logger shows them.
inline std::vector<std::string> values_of(const detail::FindRequest& request,
                                          ReadKind kind = ReadKind::rows) {
  Planner planner(model(), Strategy::balanced);
  const auto read = planner.plan(request, kind);
  std::vector<ValueView> values;
  collect_values(request, read->plan, values);
  std::vector<std::string> texts;
  for (const std::uint32_t index : sql::select_text(read->plan, sql::sqlite_dialect()).values)
    texts.push_back(Value(values.at(index)).to_string());
  return texts;
}

/// The message of the ValidationError that planning throws.
inline std::string refusal_of(const detail::FindRequest& request, ReadKind kind = ReadKind::rows) {
  try {
    return "planned: " + sql_of(request, kind);
  } catch (const ValidationError& error) {
    return error.what();
  }
}

}  // namespace kin::query::testing
