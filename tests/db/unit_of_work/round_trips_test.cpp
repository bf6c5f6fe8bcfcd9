// SPDX-License-Identifier: MIT
// A flush goes to the database a few times, however much it writes.
#include <algorithm>

#include "db/support/database.hpp"

namespace kin::test::uow_round_trips {

struct Shelf;
struct Volume;
struct Topic;

struct Library {
  std::int64_t id{};
  std::string name{};
  Collection<Shelf> shelves{};
};
struct Shelf {
  std::int64_t id{};
  std::string name{};
  Ref<Library> library{};
  Collection<Volume> volumes{};
};
struct Volume {
  std::int64_t id{};
  std::string name{};
  int pages{};
  int version{};
  Ref<Shelf> shelf{};
  Collection<Topic> topics{};
};
struct Topic {
  std::int64_t id{};
  std::string name{};
  Collection<Volume> volumes{};
};
inline void describe(Schema<Library>& library) { library.on<&Library::shelves>(mapped_by<&Shelf::library>); }
inline void describe(Schema<Shelf>& shelf) { shelf.on<&Shelf::volumes>(mapped_by<&Volume::shelf>); }
inline void describe(Schema<Volume>& volume) {
  volume.on<&Volume::version>(kin::version);
  volume.on<&Volume::topics>(pivot_table("volume_topic"));
}
inline void describe(Schema<Topic>& topic) { topic.on<&Topic::volumes>(mapped_by<&Volume::topics>); }

// What the database fills in, for each kind of key.
struct Counted {
  std::int64_t id{};
  std::string name{};
  std::string upper_name{};
  int amount{};
};
struct Coded {
  std::string code{};
  std::string name{};
  std::string upper_name{};
  int amount{};
};
struct Marked {
  Uuid mark{};
  std::string name{};
  std::string upper_name{};
  int amount{};
};
struct Placed {
  std::string row{};
  std::int64_t place{};
  std::string name{};
  std::string upper_name{};
  int amount{};
};
template <class T>
void describe_filled(Schema<T>& schema) {
  schema.template on<&T::name>(length(50));
  schema.template on<&T::upper_name>(generated("upper(name)"), length(50));
  schema.template on<&T::amount>(default_value(7));
}
inline void describe(Schema<Counted>& counted) { describe_filled(counted); }
inline void describe(Schema<Coded>& coded) {
  coded.on<&Coded::code>(primary_key);
  describe_filled(coded);
}
inline void describe(Schema<Marked>& marked) {
  marked.on<&Marked::mark>(primary_key);
  describe_filled(marked);
}
inline void describe(Schema<Placed>& placed) {
  placed.on<&Placed::row>(primary_key, length(20));
  placed.on<&Placed::place>(primary_key);
  describe_filled(placed);
}

class UowRoundTrips : public DatabaseTest {
 protected:
  void start(EntityList entities) {
    DatabaseTest::start(entities, [this](Options& options) {
      options.query_logger = [this](const Query& query) {
        ++batches_;
        executions_ += query.executions;
      };
    });
    reset();
  }
  void reset() {
    batches_ = 0;
    executions_ = 0;
  }
  /// Statements that the server gets for a flush, as far as it can tell, else the batches that it is given.
  std::size_t statements_of_flush(EntityManager& em) {
    em.begin();
    const std::size_t before = statements_so_far(em);
    reset();
    em.flush();
    const std::size_t sent = batches_;
    const std::size_t now = statements_so_far(em);
    em.commit();
    return traits().statement_count == nullptr ? sent : now - before - 1;
  }
  std::size_t statements_so_far(EntityManager& em) {
    if (traits().statement_count == nullptr) return 0;
    return static_cast<std::size_t>(std::stoll(em.execute(traits().statement_count)[0].get<std::string>("number")));
  }

  std::size_t batches_ = 0;
  std::size_t executions_ = 0;
};

/// `make` gives the new entity with this number.
template <class T, class Make>
void expect_filled(EntityManager em, Orm& orm, Make make) {
  std::vector<Ref<T>> made;
  for (int i = 0; i < 500; ++i) {
    // In another order than that of the keys.
    const int number = i * 7 % 500;
    T value = make(number);
    value.name = "name" + std::to_string(number);
    made.push_back(em.create<T>(std::move(value)));
  }
  em.flush();
  for (const Ref<T>& entity : made) {
    EXPECT_EQ(entity->upper_name, "NAME" + entity->name.substr(4));
    EXPECT_EQ(entity->amount, 7);
  }
  EXPECT_FALSE(em.has_changes());
  for (const Ref<T>& entity : made) entity->name += "x";
  em.flush();
  for (const Ref<T>& entity : made) EXPECT_EQ(entity->upper_name, "NAME" + entity->name.substr(4, entity->name.size() - 5) + "X");
  EntityManager other = orm.em();
  EXPECT_EQ(other.count<T>(field<&T::amount> == 7), 500u);
  for (const Ref<T>& read : other.find<T>().list()) EXPECT_EQ(read->upper_name, "NAME" + read->name.substr(4, read->name.size() - 5) + "X");
}

TEST_P(UowRoundTrips, WhatTheDatabaseFillsInGoesToTheRightRows) {
  start(kin::entities<Counted, Coded, Marked, Placed>);
  expect_filled<Counted>(orm().em(), orm(), [](int) { return Counted{}; });
  expect_filled<Coded>(orm().em(), orm(), [](int i) { return Coded{.code = "c" + std::to_string(i)}; });
  expect_filled<Marked>(orm().em(), orm(), [](int) { return Marked{.mark = Uuid::v4()}; });
  expect_filled<Placed>(orm().em(), orm(), [](int i) {
    return Placed{.row = std::to_string(i % 20), .place = i};
  });
}

TEST_P(UowRoundTrips, NewRowsThatTheDatabaseCompletes) {
  start(kin::entities<Counted, Coded, Marked, Placed>);
  EntityManager em = orm().em();
  for (int i = 0; i < 500; ++i) {
    const std::string name = "n" + std::to_string(i);
    em.create<Counted>({.name = name});
    em.create<Coded>({.code = name, .name = name});
    em.create<Marked>({.mark = Uuid::v4(), .name = name});
    em.create<Placed>({.row = name, .place = i, .name = name});
  }
  reset();
  em.flush();
  EXPECT_LE(batches_, 8u) << "begin, reserved keys, four inserts, commit";
  if (traits().writes_arrays) {
    EXPECT_LE(executions_, 8u);
  }
  for (int i = 500; i < 1000; ++i) em.create<Coded>({.code = std::to_string(i), .name = "n"});
  EXPECT_LE(statements_of_flush(em), 20u) << "500 rows in statements of 300 and powers of two, and what is read back";
}

// 3-level graph of new rows, updates with versions, deletes, and changes of a many-to-many relation.
TEST_P(UowRoundTrips, AThousandMixedChanges) {
  start(kin::entities<Library, Shelf, Volume, Topic>);
  EntityManager em = orm().em();
  std::vector<Ref<Topic>> topics;
  for (int i = 0; i < 10; ++i) topics.push_back(em.create<Topic>({.name = "t" + std::to_string(i)}));
  auto library = em.create<Library>({.name = "old"});
  auto shelf = em.create<Shelf>({.name = "old", .library = library});
  std::vector<Ref<Volume>> volumes;
  for (int i = 0; i < 500; ++i)
    volumes.push_back(em.create<Volume>({.name = "old", .pages = i, .shelf = shelf, .topics = {topics[0]}}));
  em.flush();

  std::size_t at = 0;
  for (; at < 250; ++at) {
    volumes[at]->name = "changed" + std::to_string(at);
    volumes[at]->pages += 1000;
  }
  for (; at < 350; ++at) volumes[at]->topics.remove(topics[0]);
  for (; at < 500; ++at) em.remove(volumes[at]);
  for (int i = 0; i < 10; ++i) {
    auto new_library = em.create<Library>({.name = "new"});
    for (int j = 0; j < 4; ++j) {
      auto new_shelf = em.create<Shelf>({.name = "new", .library = new_library});
      for (int k = 0; k < 10; ++k)
        em.create<Volume>({.name = "new", .pages = k, .shelf = new_shelf, .topics = {topics[1 + static_cast<std::size_t>(k) % 9]}});
    }
  }
  EXPECT_LE(statements_of_flush(em), 60u) << "of 1350 changed rows and links";

  EntityManager other = orm().em();
  EXPECT_EQ(other.count<Volume>(), 350u + 400u);
  EXPECT_EQ(other.count<Volume>(field<&Volume::name>.starts_with("changed") && field<&Volume::pages> >= 1000 &&
                                field<&Volume::version> == volumes[0]->version),
            250u);
  EXPECT_EQ(other.count<Volume>(field<&Volume::topics>.some(field<&Topic::name> == "t0")), 250u);
  EXPECT_EQ(other.count<Volume>(field<&Volume::shelf, &Shelf::library, &Library::name> == "new"), 400u);
}

TEST_P(UowRoundTrips, AStaleVersionAmongManyIsStillFound) {
  start(kin::entities<Library, Shelf, Volume, Topic>);
  EntityManager em = orm().em();
  auto shelf = em.create<Shelf>({.name = "s", .library = em.create<Library>({.name = "l"})});
  std::vector<Ref<Volume>> volumes;
  for (int i = 0; i < 100; ++i) volumes.push_back(em.create<Volume>({.name = "v", .shelf = shelf}));
  em.flush();
  EntityManager other = orm().em();
  other.find_one_or_fail<Volume>(volumes[61]->id)->name = "theirs";
  other.flush();
  const std::string stale = "Volume " + std::to_string(volumes[61]->id) + " ";
  for (const auto& volume : volumes) volume->name = "mine";
  const auto told = [&] {
    try {
      em.flush();
    } catch (const OptimisticLockError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_TRUE(told().starts_with(stale)) << told();
  EXPECT_EQ(orm().em().count<Volume>(field<&Volume::name> == "mine"), 0u);
  for (const auto& volume : volumes) em.remove(volume);
  EXPECT_TRUE(told().starts_with(stale)) << told();
  EXPECT_EQ(orm().em().count<Volume>(), 100u);
}

KIN_ON_EVERY_DATABASE(UowRoundTrips);

}  // namespace kin::test::uow_round_trips
