// SPDX-License-Identifier: MIT
// Keys that are made of references: identity, collections whose items have their owner in the key, what a row
// with such a key is read and removed by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_composite_keys {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Line;
struct Note;
struct Mark;
struct Sheet {
  std::int64_t id{};
  std::string name{};
  Collection<Line> lines{};
  Collection<Mark> marks{};
};
struct Line {
  Ref<Sheet> sheet{};
  int number{};
  std::string text{};
  int version{};
  Collection<Note> notes{};
};
/// Its key holds the key of a line, which itself holds a sheet.
struct Note {
  Ref<Line> line{};
  int place{};
  std::string text{};
};
/// Its owner can't let it go.
struct Mark {
  Ref<Sheet> sheet{};
  int place{};
};
struct Stamp {
  std::int64_t id{};
  Ref<Line> line{};
};

inline void describe(Schema<Sheet>& sheet) {
  sheet.on<&Sheet::lines>(mapped_by<&Line::sheet>, orphan_removal, cascade(Cascade::all));
  sheet.on<&Sheet::marks>(mapped_by<&Mark::sheet>);
}
inline void describe(Schema<Line>& line) {
  line.on<&Line::sheet>(primary_key);
  line.on<&Line::number>(primary_key);
  line.on<&Line::version>(version);
  line.on<&Line::notes>(mapped_by<&Note::line>, orphan_removal, cascade(Cascade::all));
}
inline void describe(Schema<Note>& note) {
  note.on<&Note::line>(primary_key);
  note.on<&Note::place>(primary_key);
}
inline void describe(Schema<Mark>& mark) {
  mark.on<&Mark::sheet>(primary_key);
  mark.on<&Mark::place>(primary_key);
}
inline void describe(Schema<Stamp>& stamp) { stamp.on<&Stamp::line>(nullable()); }

inline constexpr EntityList entities = kin::entities<Sheet, Line, Note, Mark, Stamp>;

class UowCompositeKeys : public DatabaseTest {
 protected:
  void SetUp() override { start(entities); }

  /// A sheet with two lines, the first of which has two notes.
  std::int64_t seed() {
    EntityManager em = orm().em();
    auto sheet = em.create<Sheet>({.name = "s"});
    auto one = em.create<Line>({.sheet = sheet, .number = 1, .text = "one"});
    em.create<Line>({.sheet = sheet, .number = 2, .text = "two"});
    em.create<Note>({.line = one, .place = 1, .text = "a"});
    em.create<Note>({.line = one, .place = 2, .text = "b"});
    em.flush();
    clear_statements();
    return sheet->id;
  }
  std::vector<int> numbers() {
    EntityManager em = orm().em();
    std::vector<int> found;
    for (const auto& line : em.find<Line>().order_by(field<&Line::number>.asc()).list())
      found.push_back(line->number);
    return found;
  }
  std::uint64_t notes() { return orm().em().count<Note>(); }
};

TEST_P(UowCompositeKeys, ARowIsKnownByItsKeyOnceItIsInserted) {
  EntityManager em = orm().em();
  auto sheet = em.create<Sheet>({.name = "s"});
  auto line = em.create<Line>({.sheet = sheet, .number = 1});
  auto note = em.create<Note>({.line = line, .place = 7});
  em.flush();
  EXPECT_EQ(em.find<Line>().one(), line);
  EXPECT_EQ(em.find<Note>().one(), note);
  EXPECT_EQ(em.get_reference<Line>(sheet->id, 1), line);
  EXPECT_EQ(em.get_reference<Note>(sheet->id, 1, 7), note);
}

TEST_P(UowCompositeKeys, ARolledBackRowIsForgottenByItsKeyAndInsertedAgain) {
  EntityManager em = orm().em();
  em.begin();
  auto sheet = em.create<Sheet>({.name = "s"});
  auto line = em.create<Line>({.sheet = sheet, .number = 1});
  auto note = em.create<Note>({.line = line, .place = 7});
  em.flush();
  em.rollback();
  EXPECT_EQ(orm().em().count<Line>(), 0u);
  em.flush();
  EXPECT_EQ(em.find<Line>().one(), line);
  EXPECT_EQ(em.find<Note>().one(), note);
  EXPECT_EQ(orm().em().count<Note>(field<&Note::place> == 7), 1u);
}

TEST_P(UowCompositeKeys, AreReadByEveryStrategy) {
  seed();
  for (const Strategy strategy : {Strategy::balanced, Strategy::select_in, Strategy::joined}) {
    EntityManager em = orm().em();
    const auto sheet = em.find<Sheet>().populate<&Sheet::lines, &Line::notes>().strategy(strategy).one();
    ASSERT_THAT(sheet->lines, SizeIs(2));
    const auto& lines = sheet->lines;
    const auto first = lines[0]->number == 1 ? lines[0] : lines[1];
    ASSERT_THAT(first->notes, SizeIs(2));
    EXPECT_EQ(first->notes[0]->line, first);
    EntityManager other = orm().em();
    const auto note = other.find<Note>(field<&Note::place> == 2)
                          .populate<&Note::line, &Line::sheet>()
                          .strategy(strategy)
                          .one();
    ASSERT_TRUE(note);
  }
}

TEST_P(UowCompositeKeys, ConditionsFollowThem) {
  seed();
  EntityManager em = orm().em();
  EXPECT_EQ(em.count<Note>(field<&Note::line, &Line::sheet, &Sheet::name> == "s"), 2u);
  EXPECT_EQ(em.count<Line>(field<&Line::notes>.some(field<&Note::text> == "b")), 1u);
  EXPECT_EQ(em.count<Line>(field<&Line::notes>.none()), 1u);
  EXPECT_EQ(em.count<Line>(field<&Line::notes>.size() == 2), 1u);
}

TEST_P(UowCompositeKeys, ManyRowsAreUpdatedAtOnceAndAStaleOneIsNamed) {
  seed();
  EntityManager em = orm().em();
  auto lines = em.find<Line>().order_by(field<&Line::number>.asc()).list();
  for (auto& line : lines) line->text += "!";
  em.flush();
  EXPECT_EQ(orm().em().count<Line>(field<&Line::text>.ends_with("!") && field<&Line::version> == 2), 2u);

  EntityManager other = orm().em();
  other.find<Line>(field<&Line::number> == 2).one()->text = "other";
  other.flush();
  for (auto& line : lines) line->text += "?";
  try {
    em.flush();
    ADD_FAILURE();
  } catch (const OptimisticLockError& error) {
    EXPECT_EQ(error.entity(), "Line");
  }
  EXPECT_EQ(orm().em().count<Line>(field<&Line::text>.ends_with("?")), 0u);
}

TEST_P(UowCompositeKeys, AnItemTakenOutOfItsOwnerIsDeleted) {
  seed();
  EntityManager em = orm().em();
  auto sheet = em.find<Sheet>().populate<&Sheet::lines, &Line::notes>().one();
  auto first = sheet->lines[0]->number == 1 ? sheet->lines[0] : sheet->lines[1];
  EXPECT_TRUE(sheet->lines.remove(first));
  EXPECT_FALSE(sheet->lines.remove(first));
  EXPECT_THAT(sheet->lines, SizeIs(1));
  em.flush();
  EXPECT_THAT(numbers(), ElementsAre(2));
  EXPECT_EQ(notes(), 0u) << "its own items go along";
  clear_statements();
  em.flush();
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_P(UowCompositeKeys, AnItemTakenOutAndPutInAgainStays) {
  seed();
  EntityManager em = orm().em();
  auto sheet = em.find<Sheet>().populate<&Sheet::lines>().one();
  Ref<Line> first = sheet->lines[0];
  sheet->lines.remove(first);
  EXPECT_TRUE(sheet->lines.add(first));
  clear_statements();
  em.flush();
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_THAT(numbers(), ElementsAre(1, 2));
}

TEST_P(UowCompositeKeys, AllItemsAreReplacedByOnesWithTheSameKeys) {
  seed();
  EntityManager em = orm().em();
  auto sheet = em.find<Sheet>().populate<&Sheet::lines, &Line::notes>().one();
  sheet->lines.remove_all();
  auto again = em.create<Line>({.sheet = sheet, .number = 1, .text = "new"});
  em.flush();
  EXPECT_THAT(numbers(), ElementsAre(1));
  EXPECT_EQ(notes(), 0u);
  EXPECT_EQ(em.find<Line>().one(), again);
  EXPECT_EQ(orm().em().find<Line>().one()->text, "new");
}

TEST_P(UowCompositeKeys, ANewItemTakenOutIsNeverInserted) {
  EntityManager em = orm().em();
  auto sheet = em.create<Sheet>({.name = "s"});
  em.flush();
  auto line = em.create<Line>({.sheet = sheet, .number = 1});
  sheet->lines.remove(line);
  em.create<Line>({.sheet = sheet, .number = 1, .text = "kept"});
  em.flush();
  EXPECT_EQ(orm().em().find<Line>().one()->text, "kept");
}

TEST_P(UowCompositeKeys, WithoutOrphanRemovalAnItemCannotBeTakenOut) {
  EntityManager em = orm().em();
  auto sheet = em.create<Sheet>({.name = "s"});
  auto mark = em.create<Mark>({.sheet = sheet, .place = 1});
  em.flush();
  try {
    sheet->marks.remove(mark);
    ADD_FAILURE();
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.entity(), "Sheet");
    EXPECT_EQ(error.property(), "marks");
    EXPECT_THAT(error.what(), HasSubstr("part of its key"));
  }
  EXPECT_THAT(sheet->marks, SizeIs(1));
  clear_statements();
  em.flush();
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_P(UowCompositeKeys, RemovalCascadesAndForeignKeysToThemAreSetAndUnset) {
  seed();
  EntityManager em = orm().em();
  auto sheet = em.find<Sheet>().populate<&Sheet::lines, &Line::notes>().one();
  auto stamp = em.create<Stamp>({.line = sheet->lines[0]});
  em.flush();
  EXPECT_EQ(orm().em().count<Stamp>(field<&Stamp::line, &Line::number> == sheet->lines[0]->number), 1u);
  stamp->line = nullptr;
  em.flush();
  EXPECT_EQ(orm().em().count<Stamp>(field<&Stamp::line>.is_null()), 1u);
  em.remove(sheet);
  em.flush();
  EXPECT_EQ(orm().em().count<Sheet>(), 0u);
  EXPECT_EQ(notes(), 0u);
}

KIN_ON_EVERY_DATABASE(UowCompositeKeys);

// What is about to be removed by a cascade is gone for queries.

struct Engine {
  std::int64_t id{};
  std::string name{};
};
struct Car {
  std::int64_t id{};
  Ref<Engine> engine{};
};
inline void describe(Schema<Car>& car) { car.on<&Car::engine>(one_to_one, nullable(), orphan_removal); }

class UowPendingRemovals : public DatabaseTest {};

TEST_P(UowPendingRemovals, OfACascadeAreSeenByQueries) {
  EntityManager em = start(entities).em();
  auto sheet = em.create<Sheet>({.name = "s"});
  em.create<Line>({.sheet = sheet, .number = 1});
  em.flush();
  em.remove(sheet);
  EXPECT_EQ(em.count<Line>(), 0u);
}

TEST_P(UowPendingRemovals, OfAnOrphanAreSeenByQueries) {
  EntityManager em = start(kin::entities<Car, Engine>).em();
  auto car = em.create<Car>({.engine = em.create<Engine>({.name = "old"})});
  em.flush();
  const auto old = car->engine.id();
  car->engine = em.create<Engine>({.name = "new"});
  EXPECT_EQ(em.count<Engine>(), 1u);
  EXPECT_EQ(em.find_one<Engine>(old), nullptr);
}

KIN_ON_EVERY_DATABASE(UowPendingRemovals);

struct Zero {
  std::int64_t id{};
  std::string name{};
};
struct Pointer {
  std::int64_t id{};
  Ref<Zero> zero{};
};

class UowKeyZero : public DatabaseTest {};

TEST_P(UowKeyZero, OfARowThatIsThereIsAKeyLikeAnother) {
  EntityManager em = start(kin::entities<Zero, Pointer>).em();
  em.create<Zero>({.id = 7, .name = "zero"});
  em.flush();
  em.native_update<Zero>(all<Zero>()).set<&Zero::id>(0).run();
  em.clear();
  auto zero = em.find_one_or_fail<Zero>(0);
  EXPECT_EQ(zero->name, "zero");
  auto pointer = em.create<Pointer>({.zero = zero});
  em.flush();
  EXPECT_EQ(em.find<Pointer>(field<&Pointer::zero> == zero).one(), pointer);
  zero->name = "nil";
  em.flush();
  em.remove(pointer);
  em.remove(zero);
  em.flush();
  EXPECT_EQ(em.find_one<Zero>(0), nullptr);
}

KIN_ON_EVERY_DATABASE(UowKeyZero);

}  // namespace kin::test::uow_composite_keys
