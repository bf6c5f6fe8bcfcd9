// SPDX-License-Identifier: MIT
#pragma once

#include <kin/collection.hpp>
#include <kin/entity.hpp>
#include <kin/reference.hpp>
#include <kin/types/blob.hpp>
#include <kin/types/decimal.hpp>
#include <kin/types/json.hpp>
#include <kin/types/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

/// Entities whose definitions the tests of each database write down.
namespace schema_writer_test::library {

struct Book;
struct Tag;
enum class Mood : std::uint8_t { calm, wild };

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  Mood mood{};
  kin::Collection<Book> books{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  double price{};
  std::string slug{};
  kin::Ref<Author> author{};
  kin::Ref<Author> editor{};
  kin::Collection<Tag> tags{};
};
struct Tag {
  std::string name{};
};
inline void describe(kin::Schema<Author>& author) {
  author.on<&Author::name>(kin::length(100)).on<&Author::email>(kin::unique);
  author.on<&Author::books>(kin::mapped_by<&Book::author>);
}
inline void describe(kin::Schema<Book>& book) {
  book.index<&Book::author, &Book::price>();
  book.on<&Book::price>(kin::check("price >= 0"));
  book.on<&Book::slug>(kin::generated("lower(title)"));
  book.on<&Book::author>(kin::delete_rule(kin::Rule::cascade), kin::update_rule(kin::Rule::no_action));
  book.on<&Book::editor>(kin::nullable());
  book.check("title <> ''");
}
inline void describe(kin::Schema<Tag>& tag) { tag.on<&Tag::name>(kin::primary_key); }

}  // namespace schema_writer_test::library

namespace schema_writer_test::composite {

struct Order {
  std::int64_t id{};
};
struct Line {
  kin::Ref<Order> order{};
  int number{};
};
struct Remark {
  std::int64_t id{};
  kin::Ref<Line> line{};
  kin::Collection<Line> similar{};
};
struct Elsewhere {
  std::int64_t id{};
  kin::Ref<Order> order{};
};
inline void describe(kin::Schema<Line>& line) {
  line.on<&Line::order>(kin::primary_key).on<&Line::number>(kin::primary_key);
}
inline void describe(kin::Schema<Remark>& remark) { remark.on<&Remark::line>(kin::nullable()); }
inline void describe(kin::Schema<Elsewhere>& entity) { entity.table("other.what \"is\" it"); }

struct Hen;
struct Egg {
  std::int64_t id{};
  kin::Ref<Hen> hen{};
};
struct Hen {
  std::int64_t id{};
  kin::Ref<Egg> egg{};
};
inline void describe(kin::Schema<Egg>& egg) { egg.on<&Egg::hen>(kin::nullable()); }

}  // namespace schema_writer_test::composite

namespace schema_writer_test::defaults {

enum class Color : std::uint8_t { red, it_s };
struct Thing {
  std::int64_t id{};
  std::string text{};
  bool flag{};
  int number{};
  double real{};
  kin::Decimal price{};
  Color color{};
  std::chrono::sys_days day{};
  std::chrono::sys_seconds moment{};
  std::string now{};
  std::optional<int> maybe{};
};
inline void describe(kin::Schema<Thing>& thing) {
  thing.on<&Thing::text>(kin::default_value("it's {} \" \\ ; --"));
  thing.on<&Thing::flag>(kin::default_value(true)).on<&Thing::number>(kin::default_value(-5));
  thing.on<&Thing::real>(kin::default_value(2)).on<&Thing::price>(kin::default_value("9.50"));
  thing.on<&Thing::color>(kin::default_value(Color::it_s));
  thing.on<&Thing::day>(kin::default_value("2024-02-29"));
  thing.on<&Thing::moment>(kin::default_value("2024-02-29T12:00:00Z"));
  thing.on<&Thing::now>(kin::default_raw("datetime('now')"));
  thing.on<&Thing::maybe>(kin::default_value(1));
}

}  // namespace schema_writer_test::defaults

namespace schema_writer_test::types {

struct Parent {
  kin::Uuid id{};
};
/// A column of each type.
struct Every {
  std::uint64_t id{};
  bool flag{};
  std::int8_t i8{};
  std::uint8_t u8{};
  std::int16_t i16{};
  std::uint16_t u16{};
  std::int32_t i32{};
  std::uint32_t u32{};
  std::int64_t i64{};
  std::uint64_t u64{};
  float f32{};
  double f64{};
  std::string text{};
  std::string named{};
  std::string code{};
  kin::Blob blob{};
  kin::Blob digest{};
  kin::Decimal amount{};
  kin::Decimal any_amount{};
  std::chrono::sys_days day{};
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock{};
  std::chrono::sys_seconds second{};
  std::chrono::sys_time<std::chrono::microseconds> moment{};
  kin::Json json{};
  std::string own{};
  kin::Ref<Parent> parent{};
};
/// Refers to a key that the database makes.
struct Child {
  std::int64_t id{};
  kin::Ref<Every> every{};
};
inline void describe(kin::Schema<Every>& every) {
  every.comment("it's \\ all");
  every.on<&Every::named>(kin::length(100), kin::comment("a name"));
  every.on<&Every::code>(kin::unique).on<&Every::digest>(kin::unique);
  every.on<&Every::amount>(kin::precision(12, 2));
  every.on<&Every::own>(kin::column_type("char(3)"));
}

}  // namespace schema_writer_test::types
