// SPDX-License-Identifier: MIT
#include <kin/collection.hpp>
#include <kin/reference.hpp>
#include <kin/types/blob.hpp>
#include <kin/types/custom.hpp>
#include <kin/types/decimal.hpp>
#include <kin/types/uuid.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "chinook_model.hpp"
#include "metadata_testing.hpp"

namespace discovery_test::library {

struct Book;
struct Tag;

enum class Mood : std::uint8_t { calm, wild };

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  std::chrono::sys_seconds created_at{};
  Mood mood{};
  kin::Collection<Book> books{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  double price{};
  kin::Ref<Author> author{};
  kin::Collection<Tag> tags{};
};
struct Tag {
  std::int64_t id{};
  std::string name{};
  kin::Collection<Book> books{};
};

void describe(kin::Schema<Author>& author) {
  author.on<&Author::email>(kin::unique, kin::length(255));
  author.on<&Author::created_at>(kin::on_create([] { return std::chrono::sys_seconds{}; }));
  author.on<&Author::books>(kin::mapped_by<&Book::author>, kin::cascade(kin::Cascade::all),
                            kin::orphan_removal);
}
void describe(kin::Schema<Book>& book) {
  book.table("book").index<&Book::author, &Book::price>().comment("what we lend");
  book.check("price >= 0").check("title <> ''").check("1 = 1", "always");
  book.on<&Book::price>(kin::check("price < 1000"));
  book.on<&Book::author>(kin::delete_rule(kin::Rule::cascade));
  book.on<&Book::tags>(kin::pivot_table("book_tag"));
}
void describe(kin::Schema<Tag>& tag) {
  tag.on<&Tag::name>(kin::unique);
  tag.on<&Tag::books>(kin::mapped_by<&Book::tags>);
}

}  // namespace discovery_test::library

namespace library = discovery_test::library;

namespace {

using kin::Cascade;
using kin::Column;
using kin::EntityMetadata;
using kin::PivotTable;
using kin::Property;
using kin::PropertyKind;
using kin::metadata::testing::Entities;
using kin::metadata::testing::names_of;
using kin::metadata::testing::problems_of;
using testing::ElementsAre;
using testing::IsEmpty;

using Library = Entities<library::Author, library::Book, library::Tag>;

TEST(Discovery, FindsMembersAndNamesColumns) {
  const Library entities;
  const EntityMetadata& author = entities.of<library::Author>();
  EXPECT_EQ(author.name, "Author");
  EXPECT_EQ(author.table, "author");
  EXPECT_EQ(author.schema, "");
  EXPECT_EQ(author.type->size, sizeof(library::Author));
  EXPECT_THAT(names_of(author.properties),
              ElementsAre("id", "name", "email", "age", "created_at", "mood", "books"));
  EXPECT_THAT(names_of(author.columns), ElementsAre("id", "name", "email", "age", "created_at", "mood"));
  EXPECT_THAT(names_of(entities.of<library::Book>().columns),
              ElementsAre("id", "title", "price", "author_id"));
  EXPECT_EQ(entities.of<library::Book>().comment, "what we lend");
}

TEST(Discovery, LinksColumnsAndProperties) {
  const Library entities;
  for (const EntityMetadata* entity : entities.entities()) {
    for (std::uint32_t i = 0; i < entity->columns.size(); ++i) {
      const Column& column = entity->columns[i];
      EXPECT_EQ(column.index, i);
      EXPECT_EQ(column.entity, entity);
      EXPECT_EQ(column.property->entity, entity);
      EXPECT_EQ(column.access.offset, column.property->offset);
      EXPECT_LE(column.property->first_column, i);
      EXPECT_LT(i, column.property->first_column + column.property->column_count);
    }
    for (std::uint32_t i = 0; i < entity->properties.size(); ++i) {
      EXPECT_EQ(entity->properties[i].index, i);
      EXPECT_EQ(entity->property_at(entity->properties[i].offset), &entity->properties[i]);
      EXPECT_EQ(entity->find_property(entity->properties[i].name), &entity->properties[i]);
    }
    EXPECT_EQ(entity->property_by_offset.size(), entity->type->size);
    EXPECT_EQ(entity->property_at(1), nullptr);
    EXPECT_EQ(entity->property_at(100000), nullptr);
    EXPECT_EQ(entity->find_property("nothing"), nullptr);
  }
}

TEST(Discovery, TakesNullabilityFromTypesAndWords) {
  const Library entities;
  EXPECT_TRUE(entities.column<library::Author>("age").nullable);
  EXPECT_FALSE(entities.column<library::Author>("name").nullable);
  EXPECT_FALSE(entities.column<library::Book>("author").nullable);
}

TEST(Discovery, TakesAnIntegerIdAsAKeyOfTheDatabase) {
  const Library entities;
  const EntityMetadata& author = entities.of<library::Author>();
  EXPECT_THAT(names_of(author.key), ElementsAre("id"));
  EXPECT_EQ(author.generated_key, author.key.front());
  EXPECT_TRUE(author.integer_key);
  EXPECT_TRUE(author.generated_key->primary_key);
  EXPECT_TRUE(author.generated_key->generated_key);
  EXPECT_TRUE(author.generated_key->insertable);
  EXPECT_FALSE(author.generated_key->updatable);
  EXPECT_TRUE(entities.property<library::Author>("id").primary_key);
}

TEST(Discovery, FillsTheLists) {
  const Library entities;
  const EntityMetadata& book = entities.of<library::Book>();
  EXPECT_THAT(names_of(book.relations), ElementsAre("author", "tags"));
  EXPECT_THAT(names_of(book.to_one), ElementsAre("author"));
  EXPECT_THAT(names_of(book.collections), ElementsAre("tags"));
  EXPECT_THAT(names_of(book.hooks), IsEmpty());
  EXPECT_THAT(names_of(entities.of<library::Author>().hooks), ElementsAre("created_at"));
}

TEST(Discovery, LinksBothSidesOfOneToMany) {
  const Library entities;
  const Property& books = entities.property<library::Author>("books");
  const Property& author = entities.property<library::Book>("author");
  EXPECT_EQ(books.kind, PropertyKind::one_to_many);
  EXPECT_EQ(author.kind, PropertyKind::many_to_one);
  EXPECT_EQ(books.inverse, &author);
  EXPECT_EQ(author.inverse, &books);
  EXPECT_EQ(books.target, &entities.of<library::Book>());
  EXPECT_EQ(author.target, &entities.of<library::Author>());
  EXPECT_FALSE(books.owner);
  EXPECT_TRUE(author.owner);
  EXPECT_EQ(books.column_count, 0u);
  EXPECT_EQ(books.cascade, Cascade::all);
  EXPECT_EQ(author.cascade, Cascade::persist);
  EXPECT_TRUE(books.orphan_removal);
  EXPECT_EQ(author.delete_rule, kin::Rule::cascade);
}

TEST(Discovery, MakesForeignKeyColumns) {
  const Library entities;
  const Column& column = entities.column<library::Book>("author");
  EXPECT_EQ(column.name, "author_id");
  EXPECT_EQ(column.references, entities.of<library::Author>().key.front());
  EXPECT_EQ(column.codec, &kin::detail::codec_of<std::int64_t>());
  EXPECT_EQ(column.access.offset, entities.property<library::Book>("author").offset);
  EXPECT_EQ(EntityMetadata::pivot_of(entities.property<library::Book>("author")), nullptr);
}

TEST(Discovery, LinksBothSidesOfManyToMany) {
  const Library entities;
  const Property& tags = entities.property<library::Book>("tags");
  const Property& books = entities.property<library::Tag>("books");
  EXPECT_EQ(tags.kind, PropertyKind::many_to_many);
  EXPECT_EQ(books.kind, PropertyKind::many_to_many);
  EXPECT_TRUE(tags.owner);
  EXPECT_FALSE(books.owner);
  EXPECT_EQ(tags.inverse, &books);
  EXPECT_EQ(books.inverse, &tags);
}

TEST(Discovery, MakesPivotTables) {
  const Library entities;
  const Property& tags = entities.property<library::Book>("tags");
  const PivotTable* pivot = EntityMetadata::pivot_of(tags);
  ASSERT_NE(pivot, nullptr);
  EXPECT_EQ(pivot, EntityMetadata::pivot_of(entities.property<library::Tag>("books")));
  EXPECT_EQ(pivot, entities.of<library::Book>().pivots.front().get());
  EXPECT_EQ(pivot->name, "book_tag");
  EXPECT_EQ(pivot->owner_property, &tags);
  ASSERT_EQ(pivot->owner_columns.size(), 1u);
  ASSERT_EQ(pivot->target_columns.size(), 1u);
  const Column& owner = pivot->owner_columns.front();
  const Column& target = pivot->target_columns.front();
  EXPECT_EQ(owner.name, "book_id");
  EXPECT_EQ(target.name, "tag_id");
  EXPECT_EQ(owner.references, entities.of<library::Book>().key.front());
  EXPECT_EQ(target.references, entities.of<library::Tag>().key.front());
  EXPECT_EQ(owner.codec, owner.references->codec);
  EXPECT_TRUE(owner.primary_key && target.primary_key);
  EXPECT_FALSE(owner.nullable || target.nullable);
  EXPECT_EQ(owner.index, 0u);
  EXPECT_EQ(target.index, 1u);
  EXPECT_EQ(pivot->target_index.name, "book_tag_tag_id_index");
  EXPECT_THAT(names_of(pivot->target_index.columns), ElementsAre("tag_id"));
}

TEST(Discovery, ResolvesIndexes) {
  const Library entities;
  const EntityMetadata& book = entities.of<library::Book>();
  // The index over author and price serves the foreign key too.
  ASSERT_EQ(book.indexes.size(), 1u);
  EXPECT_EQ(book.indexes[0].name, "book_author_id_price_index");
  EXPECT_THAT(names_of(book.indexes[0].columns), ElementsAre("author_id", "price"));
  EXPECT_FALSE(book.indexes[0].unique);
  const EntityMetadata& author = entities.of<library::Author>();
  ASSERT_EQ(author.indexes.size(), 1u);
  EXPECT_EQ(author.indexes[0].name, "author_email_unique");
  EXPECT_TRUE(author.indexes[0].unique);
}

TEST(Discovery, NamesChecks) {
  const Library entities;
  const EntityMetadata& book = entities.of<library::Book>();
  EXPECT_THAT(names_of(book.checks), ElementsAre("book_check", "book_check_2", "always", "book_price_check"));
  EXPECT_EQ(book.checks[3].expression, "price < 1000");
  EXPECT_EQ(book.checks[3].column, &entities.column<library::Book>("price"));
  const EntityMetadata& author = entities.of<library::Author>();
  ASSERT_THAT(names_of(author.checks), ElementsAre("author_mood_check"));
  EXPECT_EQ(author.checks[0].expression, "");
  EXPECT_EQ(author.checks[0].column, &entities.column<library::Author>("mood"));
}

TEST(Discovery, ReachesWhatIsNotListed) {
  const Entities<library::Tag> entities;
  EXPECT_EQ(entities.entities().size(), 3u);
  EXPECT_NE(entities.find(kin::detail::type_tag<library::Author>), nullptr);
  EXPECT_EQ(entities.find(kin::detail::type_tag<int>), nullptr);
  EXPECT_THROW((void)entities.Registry::of(kin::detail::type_tag<int>), kin::ValidationError);
}

TEST(Discovery, TakesAnEntityThatIsListedTwiceOnce) {
  const Entities<library::Tag, library::Tag, library::Book> entities;
  EXPECT_EQ(entities.entities().size(), 3u);
}

TEST(Discovery, UsesTheNamingStrategyOfTheOptions) {
  const Library entities(kin::entity_case_naming());
  EXPECT_EQ(entities.of<library::Author>().table, "Author");
  EXPECT_EQ(entities.of<library::Book>().table, "book");
  EXPECT_EQ(entities.of<library::Author>().indexes[0].name, "Author_email_unique");
}

}  // namespace

// ---- Keys.
// -------------------------------------------------------------------------------------------------------

namespace discovery_test::keys {

struct ByUuid {
  kin::Uuid id{};
};
struct ByText {
  std::string id{};
};
struct ByDefault {
  std::int64_t id{};
};
struct ByHook {
  std::int64_t id{};
};
struct ByWord {
  std::int64_t id{};
  std::string code{};
};
struct OnlyAKey {
  int id{};
};
void describe(kin::Schema<ByDefault>& entity) {
  entity.on<&ByDefault::id>(kin::default_raw("abs(random())"));
}
void describe(kin::Schema<ByHook>& entity) {
  entity.on<&ByHook::id>(kin::on_create([] { return 7; }));
}
void describe(kin::Schema<ByWord>& entity) { entity.on<&ByWord::code>(kin::primary_key); }

struct Order {
  std::int64_t id{};
};
struct Product {
  std::string code{};
};
struct Line {
  kin::Ref<Order> order{};
  kin::Ref<Product> product{};
  int quantity{};
};
struct Remark {
  std::int64_t id{};
  kin::Ref<Line> line{};
  kin::Collection<Line> similar{};
};
struct Profile {
  kin::Ref<Line> line{};
  std::string text{};
};
void describe(kin::Schema<Product>& product) {
  product.on<&Product::code>(kin::primary_key, kin::column_type("varchar(20)"));
}
void describe(kin::Schema<Line>& line) {
  line.on<&Line::order>(kin::primary_key).on<&Line::product>(kin::primary_key);
}
void describe(kin::Schema<Remark>& remark) { remark.on<&Remark::line>(kin::nullable()); }
void describe(kin::Schema<Profile>& profile) { profile.on<&Profile::line>(kin::primary_key); }

struct Named {
  std::int64_t id{};
  kin::Ref<Line> line{};
  kin::Ref<Order> order{};
  kin::Collection<Line> lines{};
};
void describe(kin::Schema<Named>& named) {
  named.on<&Named::line>(kin::join_column("o"), kin::join_column("p"));
  named.on<&Named::order>(kin::join_column("the order"));
  named.on<&Named::lines>(kin::pivot_table("other.named_lines"), kin::join_column("n"),
                          kin::inverse_join_column("lo"), kin::inverse_join_column("lp"));
}

}  // namespace discovery_test::keys

namespace keys = discovery_test::keys;

namespace {

TEST(MetadataKeys, AreMadeByTheDatabaseOnlyWhenNobodyElseDoes) {
  EXPECT_EQ(Entities<keys::ByUuid>().of<keys::ByUuid>().generated_key, nullptr);
  EXPECT_EQ(Entities<keys::ByText>().of<keys::ByText>().generated_key, nullptr);
  EXPECT_EQ(Entities<keys::ByDefault>().of<keys::ByDefault>().generated_key, nullptr);
  EXPECT_EQ(Entities<keys::ByHook>().of<keys::ByHook>().generated_key, nullptr);
  EXPECT_NE(Entities<keys::OnlyAKey>().of<keys::OnlyAKey>().generated_key, nullptr);
  EXPECT_FALSE(Entities<keys::ByText>().of<keys::ByText>().integer_key);
  EXPECT_TRUE(Entities<keys::ByHook>().of<keys::ByHook>().integer_key);
}

TEST(MetadataKeys, AreWhatTheWordSaysRatherThanId) {
  const Entities<keys::ByWord> entities;
  EXPECT_THAT(names_of(entities.of<keys::ByWord>().key), ElementsAre("code"));
  EXPECT_FALSE(entities.column<keys::ByWord>("id").primary_key);
  EXPECT_FALSE(entities.column<keys::ByWord>("id").generated_key);
  EXPECT_TRUE(entities.column<keys::ByWord>("id").updatable);
}

TEST(MetadataKeys, MayBeForeignKeys) {
  const Entities<keys::Remark> entities;
  const EntityMetadata& line = entities.of<keys::Line>();
  EXPECT_THAT(names_of(line.columns), ElementsAre("order_id", "product_code", "quantity"));
  EXPECT_THAT(names_of(line.key), ElementsAre("order_id", "product_code"));
  EXPECT_EQ(line.key[1]->references, &entities.column<keys::Product>("code"));
  EXPECT_EQ(line.key[1]->codec, &kin::detail::codec_of<std::string>());
  EXPECT_EQ(line.key[1]->type, "varchar(20)");
  EXPECT_EQ(line.generated_key, nullptr);
  EXPECT_FALSE(line.integer_key);
}

TEST(MetadataKeys, OfSeveralColumnsAreReferredToByAsMany) {
  const Entities<keys::Remark> entities;
  const EntityMetadata& remark = entities.of<keys::Remark>();
  EXPECT_THAT(names_of(remark.columns), ElementsAre("id", "line_order_id", "line_product_code"));
  const Property& line = entities.property<keys::Remark>("line");
  EXPECT_EQ(line.column_count, 2u);
  EXPECT_EQ(remark.columns[1].references, entities.of<keys::Line>().key[0]);
  EXPECT_EQ(remark.columns[2].references, entities.of<keys::Line>().key[1]);
  EXPECT_EQ(remark.columns[2].codec, &kin::detail::codec_of<std::string>());
  EXPECT_TRUE(remark.columns[1].nullable && remark.columns[2].nullable);
  EXPECT_EQ(remark.columns[1].access.offset, remark.columns[2].access.offset);
  EXPECT_THAT(names_of(remark.indexes), ElementsAre("remark_line_order_id_line_product_code_index"));

  const PivotTable& pivot = *remark.pivots.front();
  EXPECT_EQ(pivot.name, "remark_similar");
  EXPECT_THAT(names_of(pivot.owner_columns), ElementsAre("remark_id"));
  EXPECT_THAT(names_of(pivot.target_columns), ElementsAre("line_order_id", "line_product_code"));
  EXPECT_EQ(pivot.target_columns[1].index, 2u);
}

TEST(MetadataKeys, AreFollowedThroughSeveralEntities) {
  const Entities<keys::Profile> entities;
  const EntityMetadata& profile = entities.of<keys::Profile>();
  EXPECT_THAT(names_of(profile.key), ElementsAre("line_order_id", "line_product_code"));
  EXPECT_EQ(profile.key[0]->references->references, entities.of<keys::Order>().key[0]);
  // The key's own index serves the foreign key.
  EXPECT_THAT(profile.indexes, IsEmpty());
}

TEST(MetadataKeys, TakeTheColumnNamesOfTheDescription) {
  const Entities<keys::Named> entities;
  const EntityMetadata& named = entities.of<keys::Named>();
  EXPECT_THAT(names_of(named.columns), ElementsAre("id", "o", "p", "the order"));
  const PivotTable& pivot = *named.pivots.front();
  EXPECT_EQ(pivot.schema, "other");
  EXPECT_EQ(pivot.name, "named_lines");
  EXPECT_THAT(names_of(pivot.owner_columns), ElementsAre("n"));
  EXPECT_THAT(names_of(pivot.target_columns), ElementsAre("lo", "lp"));
}

}  // namespace

// ---- Kinds of relations.
// -----------------------------------------------------------------------------------------

namespace discovery_test::relations {

struct User;
struct Profile {
  std::int64_t id{};
  kin::Ref<User> user{};
};
struct User {
  std::int64_t id{};
  kin::Ref<Profile> profile{};
  kin::Ref<User> boss{};
  kin::Collection<User> staff{};
  kin::Collection<User> following{};
  kin::Collection<User> followers{};
  kin::Ref<User> mentor{};
};
void describe(kin::Schema<User>& user) {
  user.on<&User::profile>(kin::mapped_by<&Profile::user>, kin::orphan_removal);
  user.on<&User::boss>(kin::nullable(), kin::strategy(kin::Strategy::joined), kin::eager);
  user.on<&User::staff>(kin::mapped_by<&User::boss>, kin::order_by_desc<&User::id>);
  user.on<&User::followers>(kin::mapped_by<&User::following>);
  user.on<&User::mentor>(kin::one_to_one, kin::nullable());
}

struct Country;
struct City {
  std::int64_t id{};
  kin::Ref<Country> country{};
  kin::Collection<City> twins{};
};
struct Country {
  std::int64_t id{};
  kin::Collection<City> cities{};
  kin::Collection<City> visited{};
};
void describe(kin::Schema<Country>& country) {
  country.on<&Country::cities>(kin::one_to_many, kin::mapped_by<&City::country>);
}

struct Right;
struct Left {
  std::int64_t id{};
  kin::Collection<Right> rights{};
  kin::Collection<Right> more{};
};
struct Right {
  std::int64_t id{};
  kin::Collection<Left> lefts{};
};
void describe(kin::Schema<Left>& left) {
  left.on<&Left::rights>(kin::pivot_table("a"));
  left.on<&Left::more>(kin::many_to_many);
}
void describe(kin::Schema<Right>& right) { right.on<&Right::lefts>(kin::pivot_table("b")); }

}  // namespace discovery_test::relations

namespace relations = discovery_test::relations;

namespace {

TEST(MetadataRelations, AreOneToOneWhenARefIsMappedByARef) {
  const Entities<relations::User> entities;
  const Property& profile = entities.property<relations::User>("profile");
  const Property& user = entities.property<relations::Profile>("user");
  EXPECT_EQ(profile.kind, PropertyKind::one_to_one);
  EXPECT_EQ(user.kind, PropertyKind::one_to_one);
  EXPECT_FALSE(profile.owner);
  EXPECT_TRUE(user.owner);
  EXPECT_EQ(profile.inverse, &user);
  EXPECT_EQ(user.inverse, &profile);
  EXPECT_EQ(profile.column_count, 0u);
  EXPECT_TRUE(profile.orphan_removal);
  const EntityMetadata& owner = entities.of<relations::Profile>();
  ASSERT_THAT(names_of(owner.indexes), ElementsAre("profile_user_id_unique"));
  EXPECT_TRUE(owner.indexes[0].unique);
}

TEST(MetadataRelations, AreOneToOneWhenTheWordSaysSo) {
  const Entities<relations::User> entities;
  const Property& mentor = entities.property<relations::User>("mentor");
  EXPECT_EQ(mentor.kind, PropertyKind::one_to_one);
  EXPECT_TRUE(mentor.owner);
  EXPECT_EQ(mentor.inverse, nullptr);
  EXPECT_THAT(names_of(entities.of<relations::User>().indexes),
              ElementsAre("user_mentor_id_unique", "user_boss_id_index"));
}

TEST(MetadataRelations, MayReferToTheirOwnEntity) {
  const Entities<relations::User> entities;
  const EntityMetadata& user = entities.of<relations::User>();
  const Property& staff = entities.property<relations::User>("staff");
  EXPECT_EQ(staff.kind, PropertyKind::one_to_many);
  EXPECT_EQ(staff.inverse, &entities.property<relations::User>("boss"));
  ASSERT_EQ(staff.order_by.size(), 1u);
  EXPECT_TRUE(staff.order_by[0].descending);
  EXPECT_TRUE(entities.column<relations::User>("boss").nullable);
  EXPECT_EQ(entities.column<relations::User>("boss").references, user.key[0]);
  EXPECT_TRUE(entities.property<relations::User>("boss").eager);

  ASSERT_EQ(user.pivots.size(), 1u);
  EXPECT_EQ(user.pivots[0]->name, "user_following");
  EXPECT_THAT(names_of(user.pivots[0]->owner_columns), ElementsAre("user_1_id"));
  EXPECT_THAT(names_of(user.pivots[0]->target_columns), ElementsAre("user_2_id"));
  EXPECT_EQ(EntityMetadata::pivot_of(entities.property<relations::User>("followers")), user.pivots[0].get());
}

TEST(MetadataRelations, WithoutMappedByAreManyToManyUnlessTheOtherSideRefersBack) {
  const Entities<relations::Country> entities;
  EXPECT_EQ(entities.property<relations::Country>("cities").kind, PropertyKind::one_to_many);
  EXPECT_EQ(entities.property<relations::Country>("visited").kind, PropertyKind::many_to_many);
  EXPECT_EQ(entities.property<relations::City>("twins").kind, PropertyKind::many_to_many);
  EXPECT_EQ(entities.of<relations::City>().pivots[0]->name, "city_twins");
}

TEST(MetadataRelations, OfManyToManyMayBeSeveralBetweenTheSameEntities) {
  const Entities<relations::Left> entities;
  EXPECT_EQ(entities.of<relations::Left>().pivots.size(), 2u);
  EXPECT_EQ(entities.of<relations::Left>().pivots[1]->name, "left_more");
  EXPECT_EQ(entities.of<relations::Right>().pivots[0]->name, "b");
}

}  // namespace

// ---- Words of columns.
// -------------------------------------------------------------------------------------------

namespace discovery_test::words {

struct Celsius {
  double degrees{};
};
struct AsTenths {
  using Stored = int;
  static int to_database(const Celsius& value) { return static_cast<int>(value.degrees * 10); }
  static Celsius from_database(int tenths) { return {tenths / 10.0}; }
};

enum class Color : std::uint8_t { red, green };

struct Thing {
  std::int64_t id{};
  std::string name{};
  kin::Decimal price{};
  std::optional<int> stock{};
  int maybe{};
  std::string secret{};
  std::string essay{};
  std::string upper_name{};
  std::int32_t version{};
  Celsius temperature{};
  Color color{};
  bool active{};
  std::chrono::sys_days since{};
  std::string class_{};
  std::chrono::sys_seconds updated_at{};
};
void describe(kin::Schema<Thing>& thing) {
  thing.schema("shop");
  thing.on<&Thing::name>(kin::column_name("full name"), kin::column_type("citext"),
                         kin::comment("as on the label"), kin::index);
  thing.on<&Thing::price>(kin::precision(10, 2), kin::default_value("9.50"));
  thing.on<&Thing::stock>(kin::nullable(false));
  thing.on<&Thing::maybe>(kin::nullable());
  thing.on<&Thing::secret>(kin::hidden);
  thing.on<&Thing::essay>(kin::lazy);
  thing.on<&Thing::upper_name>(kin::generated("upper(\"full name\")"));
  thing.on<&Thing::version>(kin::version);
  thing.on<&Thing::temperature>(kin::type<AsTenths>);
  thing.on<&Thing::color>(kin::default_value(Color::green));
  thing.on<&Thing::active>(kin::default_value(true));
  thing.on<&Thing::since>(kin::default_value("2024-02-29"));
  thing.on<&Thing::updated_at>(kin::on_update([](const Thing&) { return std::chrono::sys_seconds{}; }));
  thing.unique<&Thing::name, &Thing::price>("name_and_price");
}

}  // namespace discovery_test::words

namespace words = discovery_test::words;

namespace {

using Things = Entities<words::Thing>;

TEST(MetadataWords, ShapeColumns) {
  const Things entities;
  const Column& name = entities.column<words::Thing>("name");
  EXPECT_EQ(name.name, "full name");
  EXPECT_EQ(name.type, "citext");
  EXPECT_EQ(name.property->comment, "as on the label");
  EXPECT_EQ(entities.property<words::Thing>("price").precision, 10u);
  EXPECT_EQ(entities.property<words::Thing>("price").scale, 2u);
  EXPECT_FALSE(entities.column<words::Thing>("stock").nullable);
  EXPECT_TRUE(entities.column<words::Thing>("maybe").nullable);
  EXPECT_TRUE(entities.property<words::Thing>("secret").hidden);
  EXPECT_TRUE(entities.column<words::Thing>("essay").lazy);
  EXPECT_FALSE(entities.column<words::Thing>("upper_name").insertable);
  EXPECT_FALSE(entities.column<words::Thing>("upper_name").updatable);
  EXPECT_EQ(entities.of<words::Thing>().schema, "shop");
  EXPECT_EQ(entities.of<words::Thing>().table, "thing");
}

TEST(MetadataWords, NameTheVersion) {
  const Things entities;
  EXPECT_EQ(entities.of<words::Thing>().version, &entities.column<words::Thing>("version"));
  EXPECT_TRUE(entities.column<words::Thing>("version").updatable);
}

TEST(MetadataWords, MakeColumnsOfOtherTypes) {
  const Things entities;
  const Property& temperature = entities.property<words::Thing>("temperature");
  EXPECT_EQ(temperature.kind, PropertyKind::scalar);
  EXPECT_EQ(temperature.embedded, nullptr);
  EXPECT_EQ(entities.column<words::Thing>("temperature").codec->kind, kin::ValueKind::integer);
}

TEST(MetadataWords, BringDefaultsIntoTheFormOfTheColumn) {
  const Things entities;
  const auto default_of = [&](std::string_view name) {
    return entities.property<words::Thing>(name).default_value.value();
  };
  EXPECT_EQ(default_of("price").kind(), kin::ValueKind::decimal);
  EXPECT_EQ(default_of("price").view().bytes(), "9.50");
  EXPECT_EQ(default_of("color").view().bytes(), "green");
  EXPECT_EQ(default_of("active").kind(), kin::ValueKind::boolean);
  EXPECT_EQ(default_of("since").kind(), kin::ValueKind::date);
  EXPECT_EQ(default_of("since").view().as_integer(), 19782);
}

TEST(MetadataWords, IndexMembers) {
  const Things entities;
  EXPECT_THAT(names_of(entities.of<words::Thing>().indexes),
              ElementsAre("name_and_price", "thing_full name_index"));
  EXPECT_TRUE(entities.of<words::Thing>().indexes[0].unique);
}

TEST(MetadataWords, SetHooks) {
  const Things entities;
  EXPECT_THAT(names_of(entities.of<words::Thing>().hooks), ElementsAre("updated_at"));
  const words::Thing thing;
  std::chrono::sys_seconds time = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
  entities.property<words::Thing>("updated_at").on_update(&thing, &time);
  EXPECT_EQ(time, std::chrono::sys_seconds{});
}

TEST(MetadataMembers, LoseATrailingUnderscore) {
  const Things entities;
  EXPECT_EQ(entities.column<words::Thing>("class").name, "class");
}

}  // namespace

// ---- Classes that list their members.
// ----------------------------------------------------------------------------

namespace discovery_test::listed {

class Account {
 public:
  Account() = default;
  explicit Account(std::string owner) : owner_(std::move(owner)) {}
  static void describe(kin::Schema<Account>& account) {
    account.properties<&Account::id, &Account::owner_, &Account::balance_>();
    account.table("bank.account").on<&Account::owner_>(kin::unique);
    account.index<&Account::balance_>();
  }
  std::int64_t id = 0;

 private:
  std::string owner_{};
  [[maybe_unused]] int not_listed_ = 0;
  double balance_ = 0;
};

struct Partly {
  std::int64_t id{};
  std::string name{};
  int cache{};
};
void describe(kin::Schema<Partly>& partly) {
  partly.on<&Partly::name>(kin::unique);  // before the list
  partly.properties<&Partly::name, &Partly::id>();
}

}  // namespace discovery_test::listed

namespace listed = discovery_test::listed;

namespace {

TEST(MetadataListedMembers, AreThePropertiesOfAClass) {
  const Entities<listed::Account> entities;
  const EntityMetadata& account = entities.of<listed::Account>();
  EXPECT_THAT(names_of(account.columns), ElementsAre("id", "owner", "balance"));
  EXPECT_EQ(account.schema, "bank");
  EXPECT_EQ(account.table, "account");
  EXPECT_THAT(names_of(account.indexes), ElementsAre("account_balance_index", "account_owner_unique"));
}

TEST(MetadataListedMembers, LeaveOutTheOthersOfAStruct) {
  const Entities<listed::Partly> entities;
  EXPECT_THAT(names_of(entities.of<listed::Partly>().columns), ElementsAre("name", "id"));
  EXPECT_TRUE(entities.property<listed::Partly>("name").unique);
  EXPECT_THAT(names_of(entities.of<listed::Partly>().key), ElementsAre("id"));
}

}  // namespace

// ---- Order.
// ------------------------------------------------------------------------------------------------------

namespace discovery_test::order {

struct Leaf;
struct Root {
  std::int64_t id{};
};
struct Branch {
  std::int64_t id{};
  kin::Ref<Root> root{};
};
struct Leaf {
  std::int64_t id{};
  kin::Ref<Branch> branch{};
  kin::Ref<Root> root{};
};
struct Tree {
  std::int64_t id{};
  kin::Ref<Tree> parent{};
};

struct Hen;
struct Farm {
  std::int64_t id{};
};
struct Hen {
  std::int64_t id{};
  kin::Ref<Farm> farm{};
  kin::Ref<struct Egg> egg{};
};
struct Egg {
  std::int64_t id{};
  kin::Ref<Hen> hen{};
};
struct Omelette {
  std::int64_t id{};
  kin::Ref<Egg> egg{};
};
void describe(kin::Schema<Egg>& egg) { egg.on<&Egg::hen>(kin::nullable()); }

}  // namespace discovery_test::order

namespace order = discovery_test::order;

namespace {

template <class... Ts>
std::vector<std::string> order_of() {
  const Entities<Ts...> entities;
  std::uint32_t index = 0;
  for (const EntityMetadata* entity : entities.entities()) EXPECT_EQ(entity->index, index++);
  return names_of(entities.entities());
}

TEST(MetadataCommitOrder, PutsWhatIsReferredToFirst) {
  EXPECT_THAT((order_of<order::Leaf, order::Branch, order::Root>()), ElementsAre("Root", "Branch", "Leaf"));
  EXPECT_THAT((order_of<order::Root, order::Leaf>()), ElementsAre("Root", "Branch", "Leaf"));
  const Entities<order::Leaf> entities;
  EXPECT_EQ(entities.of<order::Root>().commit_rank, 0u);
  EXPECT_EQ(entities.of<order::Branch>().commit_rank, 1u);
  EXPECT_EQ(entities.of<order::Leaf>().commit_rank, 2u);
  EXPECT_FALSE(entities.of<order::Leaf>().in_cycle);
}

TEST(MetadataCommitOrder, KeepsTheOrderOfTheListAmongTheOthers) {
  EXPECT_THAT((order_of<order::Tree, order::Root, order::Farm>()), ElementsAre("Tree", "Root", "Farm"));
  EXPECT_THAT((order_of<order::Farm, order::Tree, order::Root>()), ElementsAre("Farm", "Tree", "Root"));
}

TEST(MetadataCommitOrder, MarksEntitiesThatReferToThemselves) {
  const Entities<order::Tree> entities;
  EXPECT_TRUE(entities.of<order::Tree>().in_cycle);
  EXPECT_EQ(entities.of<order::Tree>().commit_rank, 0u);
}

TEST(MetadataCommitOrder, GivesACircleOneRank) {
  const Entities<order::Omelette, order::Hen> entities;
  EXPECT_EQ(entities.of<order::Farm>().commit_rank, 0u);
  EXPECT_EQ(entities.of<order::Hen>().commit_rank, 1u);
  EXPECT_EQ(entities.of<order::Egg>().commit_rank, 1u);
  EXPECT_EQ(entities.of<order::Omelette>().commit_rank, 2u);
  EXPECT_TRUE(entities.of<order::Hen>().in_cycle);
  EXPECT_TRUE(entities.of<order::Egg>().in_cycle);
  EXPECT_FALSE(entities.of<order::Omelette>().in_cycle);
  // A hen needs its egg, an egg does without a hen.
  EXPECT_THAT((order_of<order::Hen, order::Omelette>()), ElementsAre("Farm", "Egg", "Hen", "Omelette"));
}

}  // namespace

// ---- A database that others made.
// --------------------------------------------------------------------------------

namespace {

using Chinook = Entities<chinook::Artist, chinook::Album, chinook::Track, chinook::Playlist,
                         chinook::Employee, chinook::Customer>;

TEST(Chinook, HasTheNamesOfItsDescription) {
  const Chinook entities;
  const EntityMetadata& track = entities.of<chinook::Track>();
  EXPECT_EQ(track.table, "Track");
  EXPECT_THAT(names_of(track.columns), ElementsAre("TrackId", "Name", "AlbumId", "Bytes", "UnitPrice"));
  EXPECT_THAT(names_of(track.key), ElementsAre("TrackId"));
  EXPECT_EQ(track.generated_key, track.key.front());
  EXPECT_TRUE(entities.column<chinook::Track>("album").nullable);
  EXPECT_FALSE(entities.column<chinook::Album>("artist").nullable);
  EXPECT_EQ(entities.column<chinook::Track>("album").references, entities.of<chinook::Album>().key.front());
  EXPECT_EQ(entities.column<chinook::Album>("artist").name, "ArtistId");
}

TEST(Chinook, HasItsRelations) {
  const Chinook entities;
  EXPECT_EQ(entities.property<chinook::Artist>("albums").kind, PropertyKind::one_to_many);
  EXPECT_EQ(entities.property<chinook::Employee>("reports").inverse,
            &entities.property<chinook::Employee>("reports_to"));
  const PivotTable* pivot = EntityMetadata::pivot_of(entities.property<chinook::Track>("playlists"));
  ASSERT_NE(pivot, nullptr);
  EXPECT_EQ(pivot->name, "PlaylistTrack");
  EXPECT_EQ(pivot->owner_property, &entities.property<chinook::Playlist>("tracks"));
  EXPECT_THAT(names_of(pivot->owner_columns), ElementsAre("PlaylistId"));
  EXPECT_THAT(names_of(pivot->target_columns), ElementsAre("TrackId"));
}

TEST(Chinook, HasAnOrder) {
  const Chinook entities;
  EXPECT_THAT(names_of(entities.entities()),
              ElementsAre("Artist", "Playlist", "Employee", "Album", "Customer", "Track"));
  EXPECT_TRUE(entities.of<chinook::Employee>().in_cycle);
  EXPECT_FALSE(entities.of<chinook::Customer>().in_cycle);
}

}  // namespace
