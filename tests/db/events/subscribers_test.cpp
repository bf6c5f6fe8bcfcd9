// SPDX-License-Identifier: MIT
// Subscribers: the order of events, change sets in on_flush, transactions.
#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::event_subscribers {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

struct Tag;
struct Note {
  std::int64_t id{};
  std::string text{};
  std::optional<std::string> deleted_at{};
  Collection<Tag> tags{};
};
struct Tag {
  std::int64_t id{};
  std::string name{};
};

std::vector<std::string> calls;

inline void describe(Schema<Note>& note) {
  note.hook(Event::before_create, [](Note&) { calls.push_back("hook"); });
  note.on<&Note::tags>(cascade(Cascade::persist));
}
inline void describe(Schema<Tag>& tag) { tag.on<&Tag::name>(unique, length(50)); }

/// Writes down what it is told, and acts at one of it.
class Recorder : public EventSubscriber {
 public:
  explicit Recorder(std::string prefix = {}, EntityList types = {})
      : prefix_(std::move(prefix)), types_(types) {}
  EntityList entities() const override { return types_; }
  void on_init(EntityEventArgs& args) override { entity("on_init", args); }
  void on_load(EntityEventArgs& args) override { entity("on_load", args); }
  void before_create(EntityEventArgs& args) override { entity("before_create", args); }
  void after_create(EntityEventArgs& args) override { entity("after_create", args); }
  void before_update(EntityEventArgs& args) override { entity("before_update", args); }
  void after_update(EntityEventArgs& args) override { entity("after_update", args); }
  void before_delete(EntityEventArgs& args) override { entity("before_delete", args); }
  void after_delete(EntityEventArgs& args) override { entity("after_delete", args); }
  void before_flush(FlushEventArgs& args) override { flush("before_flush", args); }
  void on_flush(FlushEventArgs& args) override { flush("on_flush", args); }
  void after_flush(FlushEventArgs& args) override { flush("after_flush", args); }
  void before_transaction_start(TransactionEventArgs& args) override { transaction("before_start", args); }
  void after_transaction_start(TransactionEventArgs& args) override { transaction("after_start", args); }
  void before_transaction_commit(TransactionEventArgs& args) override { transaction("before_commit", args); }
  void after_transaction_commit(TransactionEventArgs& args) override { transaction("after_commit", args); }
  void before_transaction_rollback(TransactionEventArgs& args) override {
    transaction("before_rollback", args);
  }
  void after_transaction_rollback(TransactionEventArgs& args) override {
    transaction("after_rollback", args);
  }

  std::string throws_at;
  std::function<void(FlushEventArgs&)> at_before_flush, at_on_flush, at_after_flush;

 private:
  void note(const std::string& event) {
    calls.push_back(prefix_ + event);
    if (event.starts_with(throws_at) && !throws_at.empty()) throw std::runtime_error("no");
  }
  void entity(const std::string& event, EntityEventArgs& args) { note(event + " " + args.metadata().name); }
  void flush(const std::string& event, FlushEventArgs& args) {
    note(event);
    const auto& act = event == "before_flush" ? at_before_flush
                      : event == "on_flush"   ? at_on_flush
                                              : at_after_flush;
    if (act) act(args);
  }
  void transaction(const std::string& event, TransactionEventArgs& args) {
    note(event + " " + std::to_string(args.level()));
  }
  std::string prefix_;
  EntityList types_;
};

class EventSubscribers : public DatabaseTest {
 protected:
  Orm& start_with(std::vector<std::shared_ptr<EventSubscriber>> subscribers) {
    Orm& made = start(kin::entities<Note, Tag>, [&](Options& options) { options.subscribers = subscribers; });
    calls.clear();
    return made;
  }
  std::uint64_t stored(const char* where) {
    EntityManager em = orm().em();
    return em.execute(std::string("select count(*) as n from note where ") + where)[0].get<std::uint64_t>(
        "n");
  }
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
};

TEST_P(EventSubscribers, HearOfAFlushInOrder) {
  EntityManager em = start_with({recorder_}).em();
  auto note = em.create<Note>({.text = "a"});
  auto gone = em.create<Note>({.text = "b"});
  em.flush();
  EXPECT_THAT(calls, ElementsAre("on_init Note", "on_init Note", "before_flush", "on_flush", "hook",
                                 "before_create Note", "hook", "before_create Note", "before_start 0",
                                 "after_start 0", "after_create Note", "after_create Note", "before_commit 0",
                                 "after_commit 0", "after_flush"));
  calls.clear();
  em.create<Tag>({.name = "t"});
  note->text = "c";
  em.remove(gone);
  em.flush();
  EXPECT_THAT(calls, ElementsAre("on_init Tag", "before_flush", "on_flush", "before_create Tag",
                                 "before_update Note", "before_delete Note", "before_start 0",
                                 "after_start 0", "after_create Tag", "after_update Note",
                                 "after_delete Note", "before_commit 0", "after_commit 0", "after_flush"));
  calls.clear();
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_THAT(calls, ElementsAre("before_flush", "on_flush", "after_flush"));
}

TEST_P(EventSubscribers, OfTypesHearOfTheseOnlyButOfEveryFlush) {
  auto of_tags = std::make_shared<Recorder>("tags: ", kin::entities<Tag>);
  EntityManager em = start_with({of_tags}).em();
  auto added = std::make_shared<Recorder>("added: ", kin::entities<Tag>);
  em.add_subscriber(added);
  em.add_subscriber(added);  // counts once
  em.create<Note>({.text = "a"});
  em.create<Tag>({.name = "t"});
  EXPECT_THAT(calls, ElementsAre("tags: on_init Tag", "added: on_init Tag"));
  calls.clear();
  em.flush();
  EXPECT_THAT(calls, testing::Contains("added: after_create Tag"));
  EXPECT_THAT(calls, testing::Contains("tags: after_flush"));
  EXPECT_THAT(calls, testing::Not(testing::Contains(HasSubstr("Note"))));
  calls.clear();
  EntityManager fork = em.fork();
  fork.find<Tag>().list();
  EXPECT_THAT(calls, ElementsAre("tags: on_init Tag", "added: on_init Tag", "tags: on_load Tag",
                                 "added: on_load Tag"));
  calls.clear();
  EntityManager other = orm().em();
  other.find<Tag>().list();
  EXPECT_THAT(calls, ElementsAre("tags: on_init Tag", "tags: on_load Tag"));
  EXPECT_THROW(em.add_subscriber(nullptr), ValidationError);
}

TEST_P(EventSubscribers, SeeAllChangesInOnFlush) {
  EntityManager em = start_with({recorder_}).em();
  auto note = em.create<Note>({.text = "a"});
  auto gone = em.create<Note>({.text = "b"});
  auto tag = em.create<Tag>({.name = "t"});
  em.flush();
  note->text = "c";
  note->tags.add(tag);
  em.remove(gone);
  auto made = em.create<Note>({.text = "d"});
  recorder_->at_before_flush = [&](FlushEventArgs& args) { EXPECT_THAT(args.change_sets(), IsEmpty()); };
  recorder_->at_on_flush = [&](FlushEventArgs& args) {
    EXPECT_EQ(args.change_sets().size(), 3u);
    EXPECT_EQ(args.change_set(made).kind(), ChangeKind::create);
    EXPECT_EQ(args.change_set(note).kind(), ChangeKind::update);
    EXPECT_EQ(args.change_set(note).original<&Note::text>(), "a");
    EXPECT_EQ(args.change_set(gone).kind(), ChangeKind::remove);
    EXPECT_FALSE(args.change_set(tag));
    const auto links = args.collection_updates();
    ASSERT_EQ(links.size(), 1u);
    EXPECT_EQ(links[0].member, "tags");
    EXPECT_EQ(links[0].owner.as<Note>(), note);
    ASSERT_EQ(links[0].added.size(), 1u);
    EXPECT_EQ(links[0].added[0].as<Tag>(), tag);
    EXPECT_THAT(links[0].removed, IsEmpty());
  };
  int after = 0;
  recorder_->at_after_flush = [&](FlushEventArgs& args) {
    ++after;
    ASSERT_EQ(args.change_sets().size(), 3u);
    EXPECT_EQ(args.change_set(note).original<&Note::text>(), "a");
    EXPECT_EQ(args.change_set(made).key()[0].view().as_integer(), made->id);
    EXPECT_THROW(args.recompute(), TransactionStateError);
    EXPECT_THROW(args.cancel_remove(gone), TransactionStateError);
  };
  em.flush();
  EXPECT_EQ(after, 1);
}

TEST_P(EventSubscribers, MayMakeAndEditBeforeAndOnFlush) {
  EntityManager em = start_with({recorder_}).em();
  auto note = em.create<Note>({.text = "a"});
  recorder_->at_before_flush = [&](FlushEventArgs& args) { args.create<Tag>({.name = "before"}); };
  recorder_->at_on_flush = [&](FlushEventArgs& args) {
    args.create<Note>({.text = "more"});
    note->text = "edited";
    EXPECT_EQ(args.change_sets().size(), 2u);
    args.recompute();
    EXPECT_EQ(args.change_sets().size(), 3u);
  };
  em.flush();
  EXPECT_EQ(stored("text = 'edited'"), 1u);
  EXPECT_EQ(stored("text = 'more'"), 1u);
  EXPECT_EQ(em.count<Tag>(), 1u);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(EventSubscribers, ChangeARemoveIntoAnUpdate) {
  EntityManager em = start_with({recorder_}).em();
  auto note = em.create<Note>({.text = "a"});
  em.flush();
  recorder_->at_on_flush = [&](FlushEventArgs& args) {
    for (const ChangeSet& change : args.change_sets()) {
      if (change.kind() != ChangeKind::remove) continue;
      change.entity<Note>()->deleted_at = "today";
      args.cancel_remove(change);
    }
  };
  em.remove(note);
  calls.clear();
  em.flush();
  EXPECT_THAT(calls, testing::Contains("after_update Note"));
  EXPECT_THAT(calls, testing::Not(testing::Contains("before_delete Note")));
  EXPECT_EQ(stored("deleted_at = 'today'"), 1u);
  // When the flush fails the entity is to be removed as before.
  note->text = "b";
  em.remove(note);
  recorder_->throws_at = "after_update";
  EXPECT_THROW(em.flush(), std::runtime_error);
  recorder_->throws_at.clear();
  recorder_->at_on_flush = nullptr;
  em.flush();
  EXPECT_EQ(stored("1 = 1"), 0u);
}

TEST_P(EventSubscribers, ChangeAnUpdateIntoARemoveAndDropChanges) {
  EntityManager em = start_with({recorder_}).em();
  auto removed = em.create<Note>({.text = "a"});
  auto kept = em.create<Note>({.text = "b"});
  auto spared = em.create<Note>({.text = "c"});
  em.flush();
  removed->text = "x";
  kept->text = "x";
  em.remove(spared);
  auto made = em.create<Note>({.text = "x"});
  recorder_->at_on_flush = [&](FlushEventArgs& args) {
    args.turn_into_remove(args.change_set(removed));
    for (const auto& note : {kept, spared, made}) args.drop(args.change_set(note));
  };
  em.flush();
  EXPECT_EQ(stored("1 = 1"), 2u);
  EXPECT_EQ(stored("text = 'b'"), 1u);
  EXPECT_EQ(stored("text = 'c'"), 1u);
  EXPECT_EQ(kept->text, "b");
  EXPECT_FALSE(em.has_changes());
  // A dropped new entity comes back by persist(), as after remove().
  recorder_->at_on_flush = nullptr;
  em.persist(made);
  em.flush();
  EXPECT_EQ(stored("text = 'x'"), 1u);
}

TEST_P(EventSubscribers, HearOfTransactionsAndSavepoints) {
  EntityManager em = start_with({recorder_}).em();
  em.transactional([&](EntityManager& outer) {
    outer.transactional([&](EntityManager&) {});
    outer.begin();
    outer.rollback();
    outer.begin({.propagation = Propagation::required});
    outer.commit();
  });
  std::vector<std::string> transactions;
  for (const std::string& call : calls)
    if (!call.ends_with("flush")) transactions.push_back(call);
  EXPECT_THAT(transactions,
              ElementsAre("before_start 0", "after_start 0", "before_start 1", "after_start 1",
                          "before_commit 1", "after_commit 1", "before_start 1", "after_start 1",
                          "before_rollback 1", "after_rollback 1", "before_commit 0", "after_commit 0"));
}

TEST_P(EventSubscribers, HearOfTheRollbackOfAFlush) {
  EntityManager em = start_with({recorder_}).em();
  em.create<Tag>({.name = "t"});
  em.flush();
  em.create<Tag>({.name = "t"});
  calls.clear();
  EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  EXPECT_THAT(calls, ElementsAre("before_flush", "on_flush", "before_create Tag", "before_start 0",
                                 "after_start 0", "before_rollback 0", "after_rollback 0"));
}

TEST_P(EventSubscribers, AnExceptionLeavesAllAsItWasAtEachMoment) {
  EntityManager em = start_with({recorder_}).em();
  for (const char* moment : {"before_flush", "on_flush", "before_create", "before_start", "after_start",
                             "after_create", "before_commit"}) {
    SCOPED_TRACE(moment);
    em.clear();
    em.create<Note>({.text = "a"});
    recorder_->at_before_flush = [&](FlushEventArgs& args) { args.create<Tag>({.name = "by handler"}); };
    recorder_->throws_at = moment;
    EXPECT_THROW(em.flush(), std::runtime_error);
    EXPECT_FALSE(em.is_in_transaction());
    EXPECT_THROW(em.flush(), std::runtime_error);
    recorder_->throws_at.clear();
    EXPECT_EQ(stored("1 = 1"), 0u);
    em.flush();
    EXPECT_EQ(stored("1 = 1"), 1u);
    EXPECT_EQ(em.count<Tag>(), 1u);
    em.native_delete<Note>(all<Note>());
    em.native_delete<Tag>(all<Tag>());
    recorder_->at_before_flush = nullptr;
  }
  for (const char* moment : {"after_commit", "after_flush"}) {
    SCOPED_TRACE(moment);
    em.clear();
    em.create<Note>({.text = "a"});
    recorder_->throws_at = moment;
    EXPECT_THROW(em.flush(), std::runtime_error);
    recorder_->throws_at.clear();
    EXPECT_FALSE(em.has_changes());
    EXPECT_EQ(stored("1 = 1"), 1u);
    em.native_delete<Note>(all<Note>());
  }
}

TEST_P(EventSubscribers, AnExceptionAtABoundaryLeavesNoTransactionBehind) {
  EntityManager em = start_with({recorder_}).em();
  for (const char* moment : {"before_start", "after_start", "before_commit", "after_commit",
                             "before_rollback", "after_rollback"}) {
    SCOPED_TRACE(moment);
    recorder_->throws_at = moment;
    const bool rolls_back = std::string(moment).ends_with("rollback");
    const auto work = [&](EntityManager& open) {
      if (!rolls_back) return;
      open.begin();  // left open, for transactional() to roll back
      open.begin();
      throw std::logic_error("work");
    };
    EXPECT_THROW(em.transactional(work), std::exception);
    EXPECT_FALSE(em.is_in_transaction());
    recorder_->throws_at.clear();
    em.create<Note>({.text = "a"});
    em.flush();
  }
  EXPECT_EQ(stored("1 = 1"), 6u);
}

TEST_P(EventSubscribers, AreNotAskedByNativeQueries) {
  EntityManager em = start_with({recorder_}).em();
  em.create<Note>({.text = "a"});
  em.flush();
  calls.clear();
  em.native_update<Note>(all<Note>()).set<&Note::text>("b").run();
  em.execute("delete from note");
  em.native_delete<Note>(all<Note>());
  EXPECT_THAT(calls, IsEmpty());
}

KIN_ON_EVERY_DATABASE(EventSubscribers);

}  // namespace kin::test::event_subscribers
