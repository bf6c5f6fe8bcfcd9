// SPDX-License-Identifier: MIT
// Hooks of describe(): when they run, what they may do, what becomes of their edits.
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::event_hooks {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> calls;
/// Done by a hook of the same name.
std::function<void(EventArgs&)> act;
std::string act_at;

struct Book;

struct Author {
  std::int64_t id{};
  std::string name{};
  Collection<Book> books{};
};
struct Tag {
  std::int64_t id{};
  std::string name{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  std::string slug{};
  double price{};
  int edits{};
  Ref<Author> author{};
  Collection<Tag> tags{};
};

void note(const char* event, const Book& book, EventArgs& args) {
  calls.push_back(std::string(event) + " " + book.title);
  if (act && act_at == event) act(args);
}

inline void describe(Schema<Author>& author) { author.on<&Author::books>(mapped_by<&Book::author>); }
inline void describe(Schema<Book>& book) {
  book.on<&Book::author>(nullable());
  book.on<&Book::edits>(on_update([](const Book& b) { return b.edits + 1; }));
  book.hook(Event::on_init, [](Book& b, EventArgs& args) { note("on_init", b, args); });
  book.hook(Event::on_load, [](Book& b, EventArgs& args) { note("on_load", b, args); });
  book.hook(Event::before_create, [](Book& b) { b.slug = "slug-" + b.title; });
  book.hook(Event::before_create, [](Book& b, EventArgs& args) { note("before_create", b, args); });
  book.hook(Event::after_create, [](Book& b, EventArgs& args) { note("after_create", b, args); });
  book.hook(Event::before_update, [](Book& b, EventArgs& args) { note("before_update", b, args); });
  book.hook(Event::before_update, [](Book& b) { b.slug = "slug-" + b.title; });
  book.hook(Event::after_update, [](Book& b, EventArgs& args) { note("after_update", b, args); });
  book.hook(Event::before_delete, [](Book& b, EventArgs& args) { note("before_delete", b, args); });
  book.hook(Event::after_delete, [](Book& b, EventArgs& args) { note("after_delete", b, args); });
}

class EventHooks : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Author, Book, Tag>);
    TearDown();
  }
  void TearDown() override {
    calls.clear();
    act = nullptr;
    act_at.clear();
  }
  void at(std::string event, std::function<void(EventArgs&)> action) {
    act_at = std::move(event);
    act = std::move(action);
  }
  std::uint64_t stored(const Condition<Book>& where) { return orm().em().count<Book>(where); }
};

TEST_P(EventHooks, RunAroundEachWriteAndTheirEditsAreSaved) {
  EntityManager em = orm().em();
  auto book = em.create<Book>({.title = "a", .price = 1});
  EXPECT_THAT(calls, ElementsAre("on_init a"));
  calls.clear();
  em.flush();
  EXPECT_THAT(calls, ElementsAre("before_create a", "after_create a"));
  EXPECT_EQ(book->slug, "slug-a");
  EXPECT_EQ(stored(field<&Book::slug> == "slug-a"), 1u);

  calls.clear();
  book->title = "b";
  em.flush();
  EXPECT_THAT(calls, ElementsAre("before_update b", "after_update b"));
  EXPECT_EQ(stored(field<&Book::slug> == "slug-b" && field<&Book::edits> == 1), 1u);
  EXPECT_EQ(book->edits, 1);
  EXPECT_FALSE(em.has_changes());

  calls.clear();
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_THAT(calls, IsEmpty());

  em.remove(book);
  em.flush();
  EXPECT_THAT(calls, ElementsAre("before_delete b", "after_delete b"));
  EXPECT_EQ(stored(all<Book>()), 0u);
}

TEST_P(EventHooks, OnLoadOnceForEachReadThatFillsTheEntity) {
  {
    EntityManager em = orm().em();
    em.create<Author>({.name = "u"})->books.add(em.create<Book>({.title = "a"}));
    em.create<Book>({.title = "b"});
    em.flush();
  }
  calls.clear();
  EntityManager em = orm().em();
  em.get_reference<Book>(std::int64_t{1});
  EXPECT_THAT(calls, IsEmpty());
  const auto books = em.find<Book>().order_by(field<&Book::title>.asc()).list();
  EXPECT_THAT(calls, ElementsAre("on_init a", "on_load a", "on_init b", "on_load b"));
  calls.clear();
  em.find<Book>().list();
  em.find_one<Book>(books[0]->id);
  EXPECT_THAT(calls, IsEmpty());
  em.refresh(books[0]);
  EXPECT_THAT(calls, ElementsAre("on_load a"));

  calls.clear();
  EntityManager other = orm().em();
  other.find<Author>().populate<&Author::books>().list();
  EXPECT_THAT(calls, ElementsAre("on_init a", "on_load a"));
  calls.clear();
  EntityManager third = orm().em();
  third.find<Author>().one_or_fail()->books.load();
  EXPECT_THAT(calls, ElementsAre("on_init a", "on_load a"));
  // Editing there is a change as any other.
  at("on_load", [](EventArgs& args) { args.entity<Book>()->price = 5; });
  EntityManager fourth = orm().em();
  fourth.find<Book>(field<&Book::title> == "a").list();
  EXPECT_TRUE(fourth.has_changes());
}

TEST_P(EventHooks, NothingFiresForNativeWritesAndCollectionsOfManyToMany) {
  EntityManager em = orm().em();
  auto book = em.create<Book>({.title = "a"});
  auto tag = em.create<Tag>({.name = "t"});
  em.flush();
  calls.clear();
  em.native_update<Book>(all<Book>()).set<&Book::price>(2.0).run();
  book->tags.add(tag);
  em.flush();
  EXPECT_THAT(calls, IsEmpty());
  em.native_delete<Tag>(field<&Tag::name> == "none");
  EXPECT_THAT(calls, IsEmpty());
}

TEST_P(EventHooks, VerbsOfTheManagerAreRefused) {
  for (const char* event : {"before_create", "after_create"}) {
    SCOPED_TRACE(event);
    EntityManager em = orm().em();
    em.create<Book>({.title = "a"});
    for (const auto& verb : std::vector<std::function<void()>>{
             [&] { em.flush(); }, [&] { em.find<Author>().list(); }, [&] { em.clear(); }}) {
      at(event, [&](EventArgs&) { verb(); });
      try {
        em.flush();
        ADD_FAILURE() << "no error";
      } catch (const TransactionStateError& error) {
        EXPECT_THAT(error.what(), HasSubstr("in the middle of another call"));
      }
    }
    act = nullptr;
    EXPECT_EQ(stored(all<Book>()), 0u);
    em.flush();
    EXPECT_EQ(stored(all<Book>()), 1u);
    em.native_delete<Book>(all<Book>());
  }
}

TEST_P(EventHooks, TellOfTheChange) {
  EntityManager em = orm().em();
  auto author = em.create<Author>({.name = "u"});
  auto other = em.create<Author>({.name = "v"});
  auto book = em.create<Book>({.title = "a", .price = 1, .author = author});
  at("after_create", [&](EventArgs& args) {
    EXPECT_EQ(args.change_set().kind(), ChangeKind::create);
    EXPECT_TRUE(args.change_set().changed<&Book::title>());
    EXPECT_EQ(args.change_set().entity<Book>(), book);
    EXPECT_FALSE(args.change_set().entity<Author>());
    ASSERT_EQ(args.change_set().key().size(), 1u);
    EXPECT_EQ(args.change_set().key()[0].view().as_integer(), args.entity<Book>()->id);
    EXPECT_GT(args.entity<Book>()->id, 0);
  });
  em.flush();
  book->price = 3;
  book->author = other;
  for (const char* event : {"before_update", "after_update"}) {
    calls.clear();
    at(event, [&](EventArgs& args) {
      const ChangeSet change = args.change_set();
      EXPECT_EQ(change.kind(), ChangeKind::update);
      EXPECT_TRUE(change.changed<&Book::price>());
      EXPECT_FALSE(change.changed<&Book::title>());
      EXPECT_EQ(change.original<&Book::price>(), 1.0);
      EXPECT_EQ(change.original<&Book::author>(), author);
      EXPECT_THAT(change.properties(), ElementsAre("price", "edits", "author"));
      const std::vector<ChangedValue> values = change.values();
      ASSERT_EQ(values.size(), 3u);
      EXPECT_EQ(values[0].before.view().as_real(), 1.0);
      EXPECT_EQ(values[0].after.view().as_real(), 3.0);
      EXPECT_EQ(values[2].before.view().as_integer(), author->id);
      EXPECT_EQ(values[2].after.view().as_integer(), other->id);
      if (std::string(event) == "before_update") throw std::runtime_error("again");
    });
    if (std::string(event) == "before_update") {
      EXPECT_THROW(em.flush(), std::runtime_error);
      book->edits = 0;  // on_update has run
    } else {
      em.flush();
    }
  }
  em.remove(book);
  at("after_delete", [&](EventArgs& args) {
    EXPECT_EQ(args.change_set().kind(), ChangeKind::remove);
    EXPECT_EQ(args.change_set().original<&Book::title>(), "a");
    EXPECT_EQ(args.change_set().values()[1].before.view().bytes(), "a");
    EXPECT_TRUE(args.change_set().values()[1].after.is_null());
  });
  em.flush();
  EXPECT_THAT(calls, ElementsAre("before_update a", "after_update a", "before_delete a", "after_delete a"));
}

TEST_P(EventHooks, WhatTheyMakeAndRemoveIsWrittenByTheSameFlush) {
  for (const char* event : {"before_create", "after_create"}) {
    SCOPED_TRACE(event);
    EntityManager em = orm().em();
    em.create<Book>({.title = "a"});
    at(event, [&](EventArgs& args) {
      args.create<Tag>({.name = "of " + args.entity<Book>()->title});
      if (args.entity<Book>()->title == "a") args.create<Book>({.title = "b"});
    });
    em.flush();
    EXPECT_FALSE(em.has_changes());
    EXPECT_EQ(em.count<Tag>(), 2u);
    EXPECT_EQ(stored(field<&Book::slug> == "slug-b"), 1u);
    act = nullptr;
    em.native_delete<Tag>(all<Tag>());
    em.native_delete<Book>(all<Book>());
  }
  EntityManager em = orm().em();
  auto tag = em.create<Tag>({.name = "t"});
  auto book = em.create<Book>({.title = "a"});
  em.flush();
  book->title = "b";
  calls.clear();
  at("before_update", [&](EventArgs& args) {
    args.remove(tag);
    args.remove(book);
    EXPECT_EQ(args.get_reference<Tag>(tag->id), tag);
  });
  em.flush();
  EXPECT_THAT(calls, ElementsAre("before_update b", "before_delete b", "after_delete b"));
  EXPECT_EQ(stored(all<Book>()), 0u);
  EXPECT_EQ(em.count<Tag>(), 0u);
}

TEST_P(EventHooks, HooksThatAnswerEachOtherWithoutEndAreAnError) {
  EntityManager em = orm().em();
  em.create<Book>({.title = "a"});
  at("before_create", [&](EventArgs& args) { args.create<Book>({.title = "more"}); });
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("without end"));
  }
  act = nullptr;
  em.flush();
  EXPECT_EQ(stored(all<Book>()), 1u);
}

TEST_P(EventHooks, EditsOfAnAfterHookArePendingAfterwards) {
  EntityManager em = orm().em();
  auto tag = em.create<Tag>({.name = "t"});
  auto other = em.create<Tag>({.name = "u"});
  auto book = em.create<Book>({.title = "a"});
  book->tags.add(other);
  at("after_create", [&](EventArgs& args) {
    args.entity<Book>()->price = 7;
    args.entity<Book>()->tags.add(tag);
    args.entity<Book>()->tags.remove(other);
  });
  const auto links = [&](const char* name) { return stored(field<&Book::tags, &Tag::name> == name); };
  em.flush();
  EXPECT_TRUE(em.has_changes());
  EXPECT_EQ(links("t"), 0u);
  EXPECT_EQ(links("u"), 1u);
  em.flush();
  EXPECT_EQ(stored(field<&Book::price> == 7.0), 1u);
  EXPECT_EQ(links("t"), 1u);
  EXPECT_EQ(links("u"), 0u);
  EXPECT_FALSE(em.has_changes());
  at("after_update", [&](EventArgs& args) { args.entity<Book>()->price = 9; });
  book->title = "b";
  em.flush();
  act = nullptr;
  EXPECT_TRUE(em.has_changes());
  em.flush();
  EXPECT_EQ(stored(field<&Book::price> == 9.0), 1u);
}

TEST_P(EventHooks, WhatAnAfterHookRemovesGoesWithTheNextFlush) {
  EntityManager em = orm().em();
  em.create<Book>({.title = "a"});
  at("after_create", [&](EventArgs& args) { args.remove(args.entity<Book>()); });
  em.flush();
  act = nullptr;
  EXPECT_EQ(stored(all<Book>()), 1u);
  EXPECT_TRUE(em.has_changes());
  em.flush();
  EXPECT_EQ(stored(all<Book>()), 0u);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(EventHooks, AnExceptionUndoesTheFlushAtEachMoment) {
  EntityManager em = orm().em();
  em.create<Book>({.title = "changed"});
  em.create<Book>({.title = "removed"});
  em.flush();
  for (const char* event :
       {"before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete"}) {
    SCOPED_TRACE(event);
    for (const bool inside : {false, true}) {
      SCOPED_TRACE(inside);
      em.clear();
      auto changed = em.find_one_or_fail<Book>(field<&Book::title> == "changed");
      auto removed = em.find_one_or_fail<Book>(field<&Book::title> == "removed");
      if (inside) em.begin();
      auto made = em.create<Book>({.title = "made"});
      changed->price += 1;
      em.remove(removed);
      int made_by_hook = 0;
      at(event, [&](EventArgs& args) {
        args.create<Tag>({.name = "by hook"});
        ++made_by_hook;
        throw std::runtime_error("no");
      });
      EXPECT_THROW(em.flush(), std::runtime_error);
      EXPECT_EQ(made_by_hook, 1);
      act = nullptr;
      EXPECT_EQ(made->id, 0);
      EXPECT_TRUE(em.has_changes());
      if (inside) {
        EXPECT_EQ(em.execute("select id from book").size(), 2u);
        em.rollback();
      }
      EXPECT_EQ(stored(all<Book>()), 2u);
      // All is pending as before, and what the hook made is not.
      em.begin();
      em.flush();
      EXPECT_EQ(em.execute("select id from book where title = 'made'").size(), 1u);
      EXPECT_EQ(em.execute("select id from book where title = 'removed'").size(), 0u);
      EXPECT_EQ(em.execute("select id from tag").size(), 0u);
      em.rollback();
    }
  }
}

TEST_P(EventHooks, WhatAHookMadeIsNotMadeTwiceAfterARollback) {
  EntityManager em = orm().em();
  at("before_create", [&](EventArgs& args) { args.create<Tag>({.name = "t"}); });
  em.begin();
  em.create<Book>({.title = "a"});
  em.flush();
  em.rollback();
  em.flush();
  EXPECT_EQ(stored(all<Book>()), 1u);
  EXPECT_EQ(em.count<Tag>(), 1u);
}

TEST_P(EventHooks, ReferToWhatAHookMadeAgainAfterAFailure) {
  EntityManager em = orm().em();
  int tries = 0;
  at("before_create", [&](EventArgs& args) {
    auto book = args.entity<Book>();
    if (!book->author) book->author = args.create<Author>({.name = "by hook"});
    if (++tries == 1) throw std::runtime_error("no");
  });
  em.create<Book>({.title = "a"});
  EXPECT_THROW(em.flush(), std::runtime_error);
  em.flush();
  EXPECT_EQ(stored(field<&Book::author, &Author::name> == "by hook"), 1u);
  EXPECT_EQ(em.count<Author>(), 1u);
}

TEST_P(EventHooks, RunInAwaitedFlushes) {
  EntityManager em = orm().em();
  em.create<Book>({.title = "a"});
  at("after_create", [&](EventArgs& args) { args.create<Tag>({.name = "t"}); });
  sync_wait(em.flush_async());
  EXPECT_EQ(stored(field<&Book::slug> == "slug-a"), 1u);
  EXPECT_EQ(em.count<Tag>(), 1u);
}

KIN_ON_EVERY_DATABASE(EventHooks);

}  // namespace kin::test::event_hooks
