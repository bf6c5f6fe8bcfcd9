// SPDX-License-Identifier: MIT
#include <kin/collection.hpp>
#include <kin/reference.hpp>
#include <kin/types/decimal.hpp>
#include <kin/types/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metadata_testing.hpp"

// One namespace a mistake. The sentences are part of the interface: who reads one should know what to write.

using kin::metadata::testing::problems_of;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

namespace validation_test {

namespace fine {
struct OnlyAKey {
  int id{};
};
TEST(MetadataValidation, AcceptsAnEntityOfNothingButItsKey) {
  EXPECT_THAT(problems_of<OnlyAKey>(), IsEmpty());
}
}  // namespace fine

namespace none {
TEST(MetadataValidation, ReportsThatThereAreNoEntities) {
  EXPECT_THAT(
      problems_of<>(),
      ElementsAre(
          "There are no entities; list them in the options: .entities = kin::entities<Author, Book>."));
}
}  // namespace none

namespace no_key {
struct Note {
  std::string text{};
};
struct Page {
  std::int64_t id{};
  kin::Ref<Note> note{};
  kin::Collection<Note> notes{};
};
struct Empty {};

TEST(MetadataValidation, ReportsAMissingKey) {
  EXPECT_THAT(
      problems_of<Note>(),
      ElementsAre(
          "Note: it has no primary key; add a member id, or say kin::primary_key of another member."));
  EXPECT_THAT(problems_of<Empty>(), ElementsAre(StartsWith("Empty: it has no primary key")));
}
TEST(MetadataValidation, ReportsRelationsToAnEntityWithoutAKey) {
  EXPECT_THAT(problems_of<Page>(), ElementsAre("Page.note: its target Note has no key to refer to.",
                                               "Page.notes: its target Note has no key to refer to.",
                                               StartsWith("Note: it has no primary key")));
}
}  // namespace no_key

namespace unknown_member {
struct Author {
  std::int64_t id{};
  std::string name{};
};
struct Point {
  int x{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  kin::Collection<Author> authors{};
  Point from{};
  Point to{};
};
class Listed {
 public:
  Listed() = default;
  static void describe(kin::Schema<Listed>& listed) {
    listed.properties<&Listed::id, &Listed::id>();
    listed.on<&Listed::left_out_>(kin::unique);
    listed.index<&Listed::left_out_>();
  }
  std::int64_t id = 0;

 private:
  int left_out_ = 0;
};
void describe(kin::Schema<Book>& book) {
  book.index<&Book::title, &Author::name>();
  book.unique<&Book::authors>();
  book.index<&Point::x>();
}

TEST(MetadataValidation, ReportsUnknownMembersOfIndexes) {
  EXPECT_THAT(
      problems_of<Book>(),
      ElementsAre(
          "Book: index<>() names name, which is none of its listed members.",
          "Book: unique<>() names authors, which has no column in this table; leave it out.",
          "Book: index<>() names x of a struct that is embedded more than once; say kin::index of the "
          "member inside of that struct."));
}
TEST(MetadataValidation, ReportsMembersThatAreNotListed) {
  EXPECT_THAT(
      problems_of<Listed>(),
      ElementsAre("Listed.id: properties<>() lists the member twice.",
                  "Listed.left_out_: on<>() describes a member that is not listed; name it in properties<>() "
                  "first.",
                  "Listed: index<>() names left_out_, which is none of its listed members."));
}
}  // namespace unknown_member

namespace wrong_mapped_by {
struct Book;
struct Author {
  std::int64_t id{};
  kin::Collection<Book> books{};
};
struct Book {
  std::int64_t id{};
  kin::Ref<Author> author{};
};
void describe(kin::Schema<Book>& book) { book.on<&Book::author>(kin::mapped_by<&Author::books>); }

class Post;
struct Blog {
  std::int64_t id{};
  kin::Collection<Post> posts{};
};
class Post {
 public:
  static void describe(kin::Schema<Post>& post) { post.properties<&Post::id>(); }
  std::int64_t id{};
  kin::Ref<Blog> blog{};
};
void describe(kin::Schema<Blog>& blog) { blog.on<&Blog::posts>(kin::mapped_by<&Post::blog>); }

struct Person {
  std::int64_t id{};
  kin::Collection<Person> friends{};
};
void describe(kin::Schema<Person>& person) { person.on<&Person::friends>(kin::mapped_by<&Person::friends>); }

struct Twice;
struct Owner {
  std::int64_t id{};
  kin::Ref<Twice> twice{};
};
struct Twice {
  std::int64_t id{};
  kin::Collection<Owner> one{};
  kin::Collection<Owner> two{};
};
void describe(kin::Schema<Twice>& twice) {
  twice.on<&Twice::one>(kin::mapped_by<&Owner::twice>).on<&Twice::two>(kin::mapped_by<&Owner::twice>);
}

TEST(MetadataValidation, ReportsARefThatIsMappedByACollection) {
  EXPECT_THAT(problems_of<Book>(),
              Contains("Book.author: a Ref holds the foreign key itself and is not mapped by the collection "
                       "Author.books; say kin::mapped_by<&Book::author> of the collection."));
}
TEST(MetadataValidation, ReportsMappedByOfAMemberThatIsNotListed) {
  EXPECT_THAT(problems_of<Blog>(),
              ElementsAre("Blog.posts: mapped_by names blog, which is not a listed member of Post."));
}
TEST(MetadataValidation, ReportsMappedByOfTheMemberItself) {
  EXPECT_THAT(problems_of<Person>(),
              ElementsAre("Person.friends: mapped_by names the member itself; it names the "
                          "member of the other side."));
}
TEST(MetadataValidation, ReportsThatTwoAreMappedByOne) {
  EXPECT_THAT(
      problems_of<Twice>(),
      ElementsAre(
          "Twice.two: Owner.twice is mapped by it and by Twice.one; a relation has one other side, so "
          "take mapped_by away from one of them."));
}

// The words refuse this while compiling; a description made by other means is checked too.
kin::detail::MemberId not_back = kin::detail::member_id<&Author::id>;
struct Shelf {
  std::int64_t id{};
  kin::Collection<Author> authors{};
};
struct MapsToAnything : kin::detail::Word<kin::detail::WordScope::any> {
  void apply(kin::Property& property) const { property.mapped_by = &not_back; }
};
void describe(kin::Schema<Shelf>& shelf) { shelf.on<&Shelf::authors>(MapsToAnything{}); }
TEST(MetadataValidation, ReportsMappedByOfSomethingThatDoesNotReferBack) {
  EXPECT_THAT(problems_of<Shelf>(),
              Contains("Shelf.authors: mapped_by names Author.id, which does not refer back to Shelf."));
}
}  // namespace wrong_mapped_by

namespace wrong_kind {
struct Chapter;
struct Novel {
  std::int64_t id{};
  kin::Collection<Chapter> chapters{};
};
struct Chapter {
  std::int64_t id{};
  kin::Ref<Novel> novel{};
};
void describe(kin::Schema<Novel>& novel) {
  novel.on<&Novel::chapters>(kin::many_to_many, kin::mapped_by<&Chapter::novel>);
}
void describe(kin::Schema<Chapter>& chapter) { chapter.on<&Chapter::novel>(kin::one_to_one); }

TEST(MetadataValidation, ReportsKindsThatDoNotFitTheOtherSide) {
  EXPECT_THAT(
      problems_of<Novel>(),
      ElementsAre("Novel.chapters: it says kin::many_to_many, but with Chapter.novel on the other side it is "
                  "one_to_many; correct the word or the members' types.",
                  "Chapter.novel: it says kin::one_to_one, but with Novel.chapters on the other side it is "
                  "many_to_one; correct the word or the members' types."));
}
}  // namespace wrong_kind

namespace two_kinds {
struct Room {
  std::int64_t id{};
};
struct Guest {
  std::int64_t id{};
  kin::Ref<Room> room{};
  kin::Ref<Room> former{};
};
void describe(kin::Schema<Guest>& guest) {
  guest.on<&Guest::room>(kin::one_to_one, kin::many_to_one);
  guest.on<&Guest::former>(kin::one_to_one).on<&Guest::former>(kin::one_to_one);
}

TEST(MetadataValidation, ReportsTwoKindsOfOneRelation) {
  EXPECT_THAT(problems_of<Guest>(),
              ElementsAre("Guest.room: it says both kin::one_to_one and kin::many_to_one; "
                          "take one of the words away."));
}
}  // namespace two_kinds

namespace no_owner {
struct B;
struct A {
  std::int64_t id{};
  kin::Collection<B> bs{};
  kin::Ref<B> b{};
};
struct B {
  std::int64_t id{};
  kin::Collection<A> as{};
  kin::Ref<A> a{};
};
void describe(kin::Schema<A>& a) { a.on<&A::bs>(kin::mapped_by<&B::as>).on<&A::b>(kin::mapped_by<&B::a>); }
void describe(kin::Schema<B>& b) { b.on<&B::as>(kin::mapped_by<&A::bs>).on<&B::a>(kin::mapped_by<&A::b>); }

TEST(MetadataValidation, ReportsThatBothSidesAreMapped) {
  EXPECT_THAT(problems_of<A>(),
              ElementsAre("A.bs: both it and B.as say mapped_by, so neither owns the relation; take "
                          "the word away from one of them.",
                          StartsWith("A.b: both it and B.a say mapped_by"),
                          StartsWith("B.as: both it and A.bs say mapped_by"),
                          StartsWith("B.a: both it and A.b say mapped_by")));
}
}  // namespace no_owner

namespace two_owners {
struct Tag;
struct Book {
  std::int64_t id{};
  kin::Collection<Tag> tags{};
};
struct Tag {
  std::int64_t id{};
  kin::Collection<Book> books{};
};
void describe(kin::Schema<Book>& book) { book.on<&Book::tags>(kin::pivot_table("book_tag")); }

struct Man;
struct Woman {
  std::int64_t id{};
  kin::Ref<Man> husband{};
};
struct Man {
  std::int64_t id{};
  kin::Ref<Woman> wife{};
};
void describe(kin::Schema<Woman>& woman) { woman.on<&Woman::husband>(kin::one_to_one, kin::nullable()); }
void describe(kin::Schema<Man>& man) { man.on<&Man::wife>(kin::one_to_one, kin::nullable()); }

struct User {
  std::int64_t id{};
  kin::Collection<User> following{};
  kin::Collection<User> followers{};
};

TEST(MetadataValidation, ReportsThatBothSidesOwnAManyToManyRelation) {
  EXPECT_THAT(
      problems_of<Book>(),
      ElementsAre(
          "Book.tags: both it and Tag.books own a many-to-many relation; if they are the two sides of "
          "one, say kin::mapped_by<&Book::tags> of Tag.books; if not, say kin::pivot_table of both."));
  EXPECT_THAT(problems_of<User>(), ElementsAre(StartsWith("User.following: both it and User.followers own")));
}
TEST(MetadataValidation, ReportsThatBothSidesOwnAOneToOneRelation) {
  EXPECT_THAT(
      problems_of<Man>(),
      ElementsAre("Man.wife: both it and Woman.husband own a one-to-one relation; if they are the two sides "
                  "of one, say kin::mapped_by<&Man::wife> of Woman.husband; if not, say kin::unique in place "
                  "of kin::one_to_one."));
}
}  // namespace two_owners

namespace unmapped {
struct Song;
struct Album {
  std::int64_t id{};
  kin::Collection<Song> songs{};
};
struct Song {
  std::int64_t id{};
  kin::Ref<Album> album{};
};
struct Cover;
struct Artist {
  std::int64_t id{};
  kin::Collection<Cover> covers{};
};
struct Cover {
  std::int64_t id{};
};
struct Band;
struct Fan {
  std::int64_t id{};
  kin::Ref<Band> band{};
};
struct Band {
  std::int64_t id{};
  kin::Collection<Fan> fans{};
};
void describe(kin::Schema<Artist>& artist) { artist.on<&Artist::covers>(kin::one_to_many); }
void describe(kin::Schema<Band>& band) { band.on<&Band::fans>(kin::one_to_many); }

TEST(MetadataValidation, ReportsACollectionWhoseOtherSideIsNotSaid) {
  EXPECT_THAT(
      problems_of<Album>(),
      ElementsAre("Album.songs: Song.album refers back and it could be the other side of that member or a "
                  "many-to-many relation; say kin::mapped_by<&Song::album>, or kin::many_to_many."));
}
TEST(MetadataValidation, ReportsOneToManyWithoutMappedBy) {
  EXPECT_THAT(
      problems_of<Band>(),
      ElementsAre("Band.fans: Fan.band refers back and one_to_many needs to know which member holds the "
                  "foreign key; say kin::mapped_by<&Fan::band>."));
  EXPECT_THAT(
      problems_of<Artist>(),
      ElementsAre("Artist.covers: one_to_many needs to know which member holds the foreign key; add a "
                  "kin::Ref<Artist> to Cover and say kin::mapped_by."));
}
}  // namespace unmapped

namespace wrong_key {
struct Car;
struct Engine {
  kin::Ref<Car> car{};
  int power{};
};
struct Car {
  std::int64_t id{};
  kin::Ref<Engine> engine{};
};
void describe(kin::Schema<Engine>& engine) {
  engine.on<&Engine::car>(kin::primary_key, kin::mapped_by<&Car::engine>);
}

struct Maybe {
  std::optional<int> id{};
};
struct Parent {
  std::int64_t id{};
};
struct Child {
  kin::Ref<Parent> parent{};
};
void describe(kin::Schema<Child>& child) { child.on<&Child::parent>(kin::primary_key, kin::nullable()); }
struct LazyKey {
  int id{};
};
void describe(kin::Schema<LazyKey>& entity) { entity.on<&LazyKey::id>(kin::lazy); }

struct Snake;
struct Tail {
  kin::Ref<Snake> snake{};
};
struct Snake {
  kin::Ref<Tail> tail{};
};
void describe(kin::Schema<Tail>& tail) { tail.on<&Tail::snake>(kin::primary_key); }
void describe(kin::Schema<Snake>& snake) { snake.on<&Snake::tail>(kin::primary_key); }

struct Part {
  int number{};
};
struct Whole {
  int id{};
  Part part{};
};
void describe(kin::Schema<Part>& part) { part.on<&Part::number>(kin::primary_key); }

TEST(MetadataValidation, ReportsAnInverseSideAsKey) {
  EXPECT_THAT(problems_of<Car>(),
              ElementsAre("Engine.car: the other side holds the column of this relation, so it "
                          "cannot be the key; take kin::primary_key away."));
}
TEST(MetadataValidation, ReportsNullableKeys) {
  EXPECT_THAT(problems_of<Maybe>(),
              ElementsAre("Maybe.id: a key is never null; take std::optional or kin::nullable away."));
  EXPECT_THAT(problems_of<Child>(), ElementsAre(StartsWith("Child.parent: a key is never null")));
}
TEST(MetadataValidation, ReportsLazyKeys) {
  EXPECT_THAT(problems_of<LazyKey>(),
              ElementsAre("LazyKey.id: a key is read with every row; take kin::lazy away."));
}
TEST(MetadataValidation, ReportsKeysThatReferToEachOther) {
  EXPECT_THAT(problems_of<Snake>(),
              ElementsAre("Snake: its key refers to other entities whose keys lead back to it; "
                          "take kin::primary_key away from one of these members."));
}
TEST(MetadataValidation, ReportsAKeyInsideOfAnEmbeddedStruct) {
  EXPECT_THAT(problems_of<Whole>(),
              ElementsAre("Whole.part.number: kin::primary_key inside of an embedded struct has "
                          "no meaning; say it of the entity's member."));
}
}  // namespace wrong_key

namespace unknown_type {
class Money {
 public:
  explicit Money(int) {}
  Money() = default;
};
struct Author {
  std::int64_t id{};
};
struct Book {
  std::int64_t id{};
  Money price{};
  std::vector<std::vector<int>> pages{};
  std::optional<kin::Ref<Author>> editor{};
  std::vector<kin::Ref<Author>> authors{};
  std::shared_ptr<Author> owner{};
  Author* reader{};
  struct Inside {
    Money deep{};
  } inside{};
};

TEST(MetadataValidation, ReportsTypesThatAreNoColumns) {
  EXPECT_THAT(
      problems_of<Book>(),
      ElementsAre(
          "Book.price: its type Money is no column; specialise kin::CustomType for the type, or say "
          "kin::type<Converter> of the member.",
          AllOf(StartsWith("Book.pages: its type vector<"), HasSubstr("vector<int"),
                HasSubstr("specialise kin::CustomType")),
          AllOf(StartsWith("Book.editor: its type optional<"),
                HasSubstr("write kin::Ref and say kin::nullable")),
          AllOf(StartsWith("Book.authors: its type vector<"), HasSubstr("write kin::Collection")),
          AllOf(StartsWith("Book.owner: its type shared_ptr<"), HasSubstr("write kin::Ref for a relation")),
          AllOf(StartsWith("Book.reader: its type "), HasSubstr("write kin::Ref for a relation")),
          StartsWith("Book.inside.deep: its type Money is no column")));
}
}  // namespace unknown_type

namespace versions {
struct Doc {
  std::int64_t id{};
  int version{};
  int revision{};
  std::string name{};
  std::optional<int> maybe{};
};
void describe(kin::Schema<Doc>& doc) {
  doc.on<&Doc::version>(kin::version).on<&Doc::revision>(kin::version);
  doc.on<&Doc::name>(kin::version, kin::lazy).on<&Doc::maybe>(kin::version);
}
struct Stamp {
  int count{};
};
struct Letter {
  int id{};
  Stamp stamp{};
};
struct KeyAndVersion {
  int id{};
};
void describe(kin::Schema<Stamp>& stamp) { stamp.on<&Stamp::count>(kin::version); }
void describe(kin::Schema<KeyAndVersion>& entity) { entity.on<&KeyAndVersion::id>(kin::version); }

TEST(MetadataValidation, ReportsSeveralAndWrongVersions) {
  EXPECT_THAT(
      problems_of<Doc>(),
      ElementsAre(
          "Doc.revision: an entity has one version, and Doc.version is one already; take kin::version away "
          "from one "
          "of them.",
          "Doc.name: a version is an integer or a std::chrono::sys_time that is never null, and its type is "
          "std::string; change the type.",
          "Doc.name: a version is read with every row; take kin::lazy away.",
          StartsWith("Doc.name: an entity has one version"),
          AllOf(StartsWith("Doc.maybe: a version is an integer"), HasSubstr("std::optional<int>")),
          StartsWith("Doc.maybe: an entity has one version")));
  EXPECT_THAT(problems_of<Letter>(),
              ElementsAre("Letter.stamp.count: a version belongs to the entity; move it out of "
                          "the embedded struct."));
  EXPECT_THAT(
      problems_of<KeyAndVersion>(),
      ElementsAre("KeyAndVersion.id: it cannot be both key and version; take one of the words away."));
}
}  // namespace versions

namespace concurrency_checks {
struct Inside {
  int level{};
};
struct Doc {
  std::int64_t id{};
  std::string name{};
  std::string text{};
  kin::Json json{};
  Inside inside{};
  int version{};
  int count{};
};
void describe(kin::Schema<Doc>& doc) {
  doc.on<&Doc::json>(kin::concurrency_check).on<&Doc::text>(kin::concurrency_check, kin::column_type("json"));
  doc.on<&Doc::name>(kin::concurrency_check, kin::lazy).on<&Doc::inside>(kin::concurrency_check);
}
struct Good {
  std::int64_t id{};
  Inside inside{};
  int version{};
  int count{};
};
void describe(kin::Schema<Good>& good) {
  good.on<&Good::id>(kin::concurrency_check).on<&Good::version>(kin::concurrency_check, kin::version);
  good.on<&Good::count>(kin::concurrency_check);
}
void describe(kin::Schema<Inside>& inside) { inside.on<&Inside::level>(kin::concurrency_check); }

TEST(MetadataValidation, ReportsMembersThatCannotBeCompared) {
  EXPECT_THAT(
      problems_of<Doc>(),
      ElementsAre(
          "Doc.name: kin::concurrency_check needs a value that is read with every row; take kin::lazy away.",
          AllOf(StartsWith("Doc.text: JSON is not compared"), HasSubstr("kin::version")),
          StartsWith("Doc.json: JSON is not compared"),
          StartsWith("Doc.inside: the words of a column do not fit an embedded struct")));
}

TEST(MetadataValidation, ChecksKeyAndVersionOnce) {
  const kin::metadata::testing::Entities<Good> entities;
  EXPECT_THAT(entities.of<Good>().concurrency_checks,
              ElementsAre(&entities.column<Good>("inside.level"), &entities.column<Good>("count")));
}
}  // namespace concurrency_checks

namespace duplicates {
struct Tag {
  std::int64_t id{};
  std::string name{};
};
struct Label {
  std::int64_t id{};
  kin::Collection<Tag> tags{};
  kin::Collection<Tag> more{};
};
struct Book {
  std::int64_t id{};
  std::string author_id{};
  kin::Ref<Tag> author{};
  kin::Collection<Book> similar{};
};
void describe(kin::Schema<Label>& label) {
  label.table("tag");
  label.on<&Label::tags>(kin::pivot_table("book"));
}
void describe(kin::Schema<Book>& book) {
  book.index<&Book::author>("same").unique<&Book::author_id>("same");
  book.on<&Book::similar>(kin::join_column("x"), kin::inverse_join_column("x"));
}

TEST(MetadataValidation, ReportsDuplicateTables) {
  EXPECT_THAT(
      (problems_of<Tag, Label>()),
      ElementsAre("Label: its table tag is that of Tag too; give one of them another name by table()."));
}
TEST(MetadataValidation, ReportsDuplicateColumnsAndNames) {
  EXPECT_THAT(
      (problems_of<Tag, Book, Label>()),
      ElementsAre(
          "Book: two of its indexes are named same; give one another name.",
          "Book.author: its column author_id is that of Book.author_id too; give one of them another name by "
          "kin::column_name.",
          "Book.similar: two columns of its pivot table book_similar are named x; name them by "
          "kin::join_column and "
          "kin::inverse_join_column.",
          StartsWith("Label: its table tag"),
          "Label.tags: its pivot table book is the table of Book too; give it another name by "
          "kin::pivot_table."));
}
}  // namespace duplicates

namespace orphans {
struct B;
struct A {
  std::int64_t id{};
  kin::Ref<B> b{};
  kin::Collection<B> bs{};
};
struct B {
  std::int64_t id{};
};
void describe(kin::Schema<A>& a) { a.on<&A::b>(kin::orphan_removal).on<&A::bs>(kin::orphan_removal); }

TEST(MetadataValidation, ReportsOrphanRemovalWhereThereAreNoOrphans) {
  EXPECT_THAT(
      problems_of<A>(),
      ElementsAre("A.b: orphan_removal is for the other side: other entities may refer to the same B; say it "
                  "of the collection, or make the relation one_to_one.",
                  "A.bs: orphan_removal deletes an entity that left its only owner, and in a many-to-many "
                  "relation it has several; take the word away."));
}
}  // namespace orphans

namespace shapes {
struct Thing {
  int id{};
  int count{};
  double weight{};
  kin::Decimal price{};
  std::string a{};
  std::string b{};
  std::string c{};
  int d{};
};
void describe(kin::Schema<Thing>& thing) {
  thing.on<&Thing::count>(kin::length(5)).on<&Thing::weight>(kin::precision(10, 2));
  thing.on<&Thing::price>(kin::precision(2, 4));
  thing.on<&Thing::a>(kin::generated("upper(b)"), kin::default_value("x"), kin::on_update([] { return ""; }));
  thing.on<&Thing::b>(kin::default_value("x"), kin::default_raw("'x'"));
  thing.on<&Thing::c>(kin::generated("upper(b)"), kin::version);
  thing.on<&Thing::d>(kin::default_value("many"));
}

TEST(MetadataValidation, ReportsShapesThatDoNotFitTheType) {
  EXPECT_THAT(
      problems_of<Thing>(),
      ElementsAre(
          "Thing.count: kin::length is for text, and its type is int; take the word away.",
          "Thing.weight: kin::precision is for kin::Decimal, and its type is double; change the type or take "
          "the word "
          "away.",
          "Thing.price: kin::precision(2, 4) asks for more digits after the point than in all.",
          "Thing.a: a column is either generated or has a default; take one of the words away.",
          "Thing.a: the database computes a generated column; take kin::on_create and kin::on_update away.",
          "Thing.b: it has both kin::default_value and kin::default_raw; say one of them.",
          "Thing.c: a generated column can be neither key nor version; take one of the words away.",
          StartsWith("Thing.c: a version is an integer"),
          "Thing.d: kin::default_value does not fit the member: 'many' is not an integer."));
}
}  // namespace shapes

namespace counts {
struct Key {
  int a{};
  int b{};
};
struct Pair {
  Key id{};
};
struct User {
  int id{};
  kin::Ref<Pair> pair{};
  kin::Ref<Pair> other{};
  kin::Collection<Pair> pairs{};
};
void describe(kin::Schema<User>& user) {
  user.on<&User::pair>(kin::column_name("pair"));
  user.on<&User::other>(kin::column_name("other"), kin::join_column("a"), kin::join_column("b"));
  user.on<&User::pairs>(kin::join_column("a"), kin::join_column("b"), kin::inverse_join_column("c"));
}

TEST(MetadataValidation, ReportsNumbersOfColumnsThatDifferFromTheKey) {
  EXPECT_THAT(
      problems_of<User>(),
      ElementsAre(
          "User.pair: it names 1 column, and the key of Pair has 2; say kin::join_column once for each.",
          "User.other: it has both kin::column_name and kin::join_column; say one of them.",
          "User.pairs: it names 2 columns of the pivot table, and the key of User has 1; say "
          "kin::join_column once "
          "for each.",
          "User.pairs: it names 1 column of the pivot table, and the key of Pair has 2; say "
          "kin::inverse_join_column "
          "once for each."));
}
}  // namespace counts

namespace embedded {
struct Country {
  int id{};
};
struct Address {
  std::string street{};
  kin::Ref<Country> country{};
  kin::Collection<Country> visited{};
};
struct Customer {
  int id{};
  Address address{};
  Country home{};
};
void describe(kin::Schema<Address>& address) { address.table("address"); }
void describe(kin::Schema<Customer>& customer) {
  customer.on<&Customer::address>(kin::column_name("address"), kin::unique);
}

TEST(MetadataValidation, ReportsWhatEmbeddedStructsCannotDo) {
  EXPECT_THAT((problems_of<Customer, Country>()),
              ElementsAre("Customer.address.country: Address is embedded, and relations inside of embedded "
                          "structs are not supported "
                          "yet; move the member into the entity.",
                          StartsWith("Customer.address.visited: Address is embedded, and relations inside"),
                          "Customer.address: Address is embedded and has no table of its own; take table() "
                          "and schema() out of its "
                          "description.",
                          "Customer.address: the words of a column do not fit an embedded struct; say them "
                          "of the members of Address.",
                          "Customer.home: Country is an entity and cannot be embedded too; refer to it with "
                          "kin::Ref<Country>."));
}

// No struct can contain itself by value; a description made by other means could.
struct Matryoshka {
  int size{};
};
extern const kin::detail::TypeDescriptor matryoshka;
const kin::detail::TypeDescriptor* matryoshka_descriptor() { return &matryoshka; }
void define_matryoshka(kin::detail::EntityBuilder& builder) {
  kin::detail::MemberType inner;
  inner.category = kin::detail::MemberType::Category::embedded;
  inner.target = &matryoshka_descriptor;
  builder.add_member("inner", 0, inner);
}
const kin::detail::TypeDescriptor matryoshka{kin::detail::type_tag<Matryoshka>,
                                             "Matryoshka",
                                             sizeof(Matryoshka),
                                             alignof(Matryoshka),
                                             nullptr,
                                             nullptr,
                                             nullptr,
                                             &define_matryoshka};
struct Toy {
  int id{};
  Matryoshka doll{};
};
void define_toy(kin::detail::EntityBuilder& builder) {
  kin::detail::for_each_member<Toy>(kin::detail::MemberCollector{builder});
  builder.properties[1].embedded = &matryoshka;
}
const kin::detail::TypeDescriptor toy{
    kin::detail::type_tag<Toy>, "Toy", sizeof(Toy), alignof(Toy), nullptr, nullptr, nullptr, &define_toy};
TEST(MetadataValidation, ReportsAStructThatContainsItself) {
  const kin::detail::TypeDescriptor* const types[] = {&toy};
  EXPECT_THAT(
      problems_of(kin::EntityList{types, 1}),
      ElementsAre("Toy.doll.inner: Matryoshka contains itself; an embedded struct cannot, make it an entity "
                  "and refer to it with kin::Ref."));
}
}  // namespace embedded

namespace sides {
struct B;
struct A {
  std::int64_t id{};
  kin::Collection<B> ones{};
  kin::Collection<B> many{};
  kin::Ref<B> single{};
  kin::Ref<B> kept{};
};
struct B {
  std::int64_t id{};
  kin::Ref<A> a{};
  kin::Collection<A> as{};
  kin::Ref<A> owner{};
};
void describe(kin::Schema<A>& a) {
  a.schema("x").table("y.a");
  a.on<&A::ones>(kin::mapped_by<&B::a>, kin::pivot_table("p"), kin::order_by<&B::as>, kin::order_by<&A::id>);
  a.on<&A::many>(kin::mapped_by<&B::as>, kin::join_column("p"));
  a.on<&A::single>(kin::mapped_by<&B::owner>, kin::column_name("p"), kin::delete_rule(kin::Rule::cascade));
  a.on<&A::kept>(kin::delete_rule(kin::Rule::set_null));
}

TEST(MetadataValidation, ReportsWordsThatBelongElsewhere) {
  EXPECT_THAT(
      problems_of<A>(),
      ElementsAre("A: table(\"y.a\") and schema(\"x\") name two schemas; say one of them.",
                  "A.ones: a one-to-many relation has no pivot table; take the words about its table and "
                  "columns away.",
                  "A.ones: order_by names as, which is no column of B.",
                  "A.ones: order_by names id, which is no column of B.",
                  "A.many: words of the pivot table belong to the owning side; say them of B.as.",
                  "A.single: words of the column belong to the side that has it; say them of B.owner.",
                  "A.kept: Rule::set_null needs a column that may be null; say kin::nullable() or choose "
                  "another rule."));
}
}  // namespace sides

namespace several {
struct Reader;
struct Book {
  std::int64_t id{};
  std::string title{};
  kin::Ref<Reader> reader{};
  std::vector<std::vector<int>> pages{};
};
struct Reader {
  std::string name{};
};
struct Shelf {
  std::int64_t id{};
  std::optional<int> version{};
};
void describe(kin::Schema<Book>& book) { book.on<&Book::title>(kin::precision(4, 2)); }
void describe(kin::Schema<Shelf>& shelf) { shelf.table("book").on<&Shelf::version>(kin::version); }

TEST(MetadataValidation, ReportsEverythingAtOnceInTheOrderOfEntitiesAndMembers) {
  const std::vector<std::string> problems = problems_of<Shelf, Book>();
  EXPECT_THAT(problems, ElementsAre(StartsWith("Shelf.version: a version is"),
                                    StartsWith("Book: its table book is that of Shelf"),
                                    StartsWith("Book.title: kin::precision is for"),
                                    StartsWith("Book.reader: its target Reader"),
                                    StartsWith("Book.pages: its type vector"),
                                    StartsWith("Reader: it has no primary key")));
  EXPECT_EQ(problems, (problems_of<Shelf, Book>()));
}
TEST(MetadataValidation, CountsTheProblemsAndNamesTheFirstInTheError) {
  try {
    const kin::metadata::Registry registry(kin::metadata::testing::options_for(kin::entities<Shelf, Book>));
    FAIL();
  } catch (const kin::MetadataError& error) {
    EXPECT_THAT(error.what(), StartsWith("6 problems in the description of the entities:\nShelf.version: "));
    EXPECT_EQ(error.entity(), "Shelf");
    EXPECT_EQ(error.property(), "version");
  }
  try {
    const kin::metadata::Registry registry(kin::metadata::testing::options_for(kin::entities<Reader>));
    FAIL();
  } catch (const kin::MetadataError& error) {
    EXPECT_THAT(error.what(), StartsWith("One problem in the description of the entities:\nReader: "));
  }
}
}  // namespace several

}  // namespace validation_test
