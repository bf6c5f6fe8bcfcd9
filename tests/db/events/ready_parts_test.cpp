// SPDX-License-Identifier: MIT
// kin::AuditTrail and kin::Outbox.
#include <gmock/gmock.h>

#include <kin/ext/audit_trail.hpp>
#include <kin/ext/outbox.hpp>
#include <kin/types/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::event_parts {

using testing::ElementsAre;
using testing::IsEmpty;

struct Owner {
  std::int64_t id{};
  std::string name{};
};
struct Item {
  std::int64_t id{};
  std::string name{};
  std::string secret{};
  std::optional<double> price{};
  std::chrono::sys_days since{};
  Ref<Owner> owner{};
};
inline void describe(Schema<Item>& item) {
  item.on<&Item::name>(unique, length(50));
  item.on<&Item::secret>(hidden);
  item.on<&Item::owner>(nullable());
  // What a message is about has its key in after_create.
  item.hook(Event::after_create,
            [](Item& made, EventArgs& args) { Outbox::add(args, "item", std::to_string(made.id)); });
}

class EventParts : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Owner, Item, AuditEntry, OutboxMessage>, [](Options& options) {
      options.subscribers = {std::make_shared<AuditTrail>([] { return std::string("ursula"); })};
    });
  }
  std::vector<AuditEntry> trail() {
    std::vector<AuditEntry> entries;
    EntityManager em = orm().em();
    for (const auto& entry : em.find<AuditEntry>(field<&AuditEntry::entity> == "Item")
                                 .order_by(field<&AuditEntry::id>.asc())
                                 .list())
      entries.push_back(*entry);
    return entries;
  }
};

TEST_P(EventParts, AuditTrailKeepsEachChange) {
  EntityManager em = orm().em();
  auto owner = em.create<Owner>({.name = "o"});
  auto item =
      em.create<Item>({.name = "a", .secret = "s", .since = std::chrono::sys_days(std::chrono::days(1))});
  em.flush();
  item->price = 2.5;
  item->secret = "t";
  item->owner = owner;
  em.flush();
  const std::string key = std::to_string(item->id);
  em.remove(item);
  em.flush();
  EXPECT_FALSE(em.has_changes());
  const std::vector<AuditEntry> entries = trail();
  ASSERT_EQ(entries.size(), 3u);
  for (const AuditEntry& entry : entries) {
    EXPECT_EQ(entry.key, key);
    EXPECT_EQ(entry.by, "ursula");
    EXPECT_GT(entry.at.time_since_epoch().count(), 0);
  }
  EXPECT_EQ(entries[0].kind, "create");
  const Json made = Json::parse(entries[0].changes);
  EXPECT_EQ(made["name"], Json({{"after", "a"}}));
  EXPECT_EQ(made["since"], Json({{"after", "1970-01-02"}}));
  EXPECT_EQ(made["price"], Json({{"after", nullptr}}));
  EXPECT_EQ(made["secret"], Json::object());
  EXPECT_EQ(entries[1].kind, "update");
  EXPECT_EQ(Json::parse(entries[1].changes), Json({{"price", {{"before", nullptr}, {"after", 2.5}}},
                                                   {"secret", Json::object()},
                                                   {"owner", {{"before", nullptr}, {"after", owner->id}}}}));
  EXPECT_EQ(entries[2].kind, "remove");
  EXPECT_EQ(Json::parse(entries[2].changes)["name"], Json({{"before", "a"}}));
}

TEST_P(EventParts, AuditTrailAndOutboxKeepNothingOfAFailedFlush) {
  EntityManager em = orm().em();
  em.create<Item>({.name = "a"});
  em.flush();
  auto again = em.create<Item>({.name = "a"});
  EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  EXPECT_EQ(trail().size(), 1u);
  again->name = "b";
  em.flush();
  EXPECT_EQ(trail().size(), 2u);
  EXPECT_EQ(em.count<OutboxMessage>(), 2u);
}

TEST_P(EventParts, OutboxSendsWhatWasCommittedInOrderOnce) {
  EntityManager em = orm().em();
  em.create<Item>({.name = "a"});
  Outbox::add(em, "mail", "hello");
  em.flush();
  em.begin();
  Outbox::add(em, "mail", "never");
  em.flush();
  em.rollback();
  em.clear();

  EntityManager relay = orm().em();
  std::vector<std::string> sent;
  const auto deliver = [&](const OutboxMessage& message) {
    sent.push_back(message.topic + " " + message.payload);
  };
  EXPECT_EQ(Outbox::relay(relay, deliver), 2u);
  EXPECT_THAT(sent, testing::UnorderedElementsAre("mail hello", "item 1"));
  EXPECT_EQ(Outbox::relay(relay, deliver), 0u);
  EXPECT_EQ(sent.size(), 2u);
  Outbox::add(em, "mail", "pending");
  EXPECT_THROW(Outbox::relay(em, deliver), ValidationError);
}

TEST_P(EventParts, OutboxMarksWhatLeftBeforeAFailure) {
  EntityManager em = orm().em();
  for (const char* text : {"1", "2", "3", "4"}) {
    Outbox::add(em, "mail", text);
    em.flush();
  }
  EntityManager relay = orm().em();
  std::vector<std::string> sent;
  const auto deliver = [&](const OutboxMessage& message) {
    if (message.payload == "3" && sent.size() == 2) throw std::runtime_error("unreachable");
    sent.push_back(message.payload);
  };
  EXPECT_EQ(Outbox::relay(relay, deliver, 1), 1u);
  EXPECT_THROW(Outbox::relay(relay, deliver), std::runtime_error);
  EXPECT_THAT(sent, ElementsAre("1", "2"));
  sent.push_back("failed");
  EXPECT_EQ(Outbox::relay(relay, deliver), 2u);
  EXPECT_THAT(sent, ElementsAre("1", "2", "failed", "3", "4"));
}

TEST_P(EventParts, OutboxRelaysLeaveOutWhatAnotherHasInHand) {
  if (!traits().locks_rows) {
    // Where one transaction at a time writes, they take turns.
    EntityManager one = orm().em();
    EntityManager other = orm().em();
    Outbox::add(one, "mail", "1");
    one.flush();
    EXPECT_EQ(Outbox::relay(one, [](const OutboxMessage&) {}), 1u);
    EXPECT_EQ(Outbox::relay(other, [](const OutboxMessage&) {}), 0u);
    return;
  }
  EntityManager em = orm().em();
  for (const char* text : {"1", "2"}) {
    Outbox::add(em, "mail", text);
    em.flush();
  }
  EntityManager one = orm().em();
  EntityManager other = orm().em();
  std::vector<std::string> sent;
  const auto deliver_other = [&](const OutboxMessage& message) {
    sent.push_back("other " + message.payload);
  };
  const auto deliver = [&](const OutboxMessage& message) {
    sent.push_back("one " + message.payload);
    Outbox::relay(other, deliver_other, 2);
  };
  EXPECT_EQ(Outbox::relay(one, deliver, 2), 2u);
  EXPECT_THAT(sent, ElementsAre("one 1", "one 2"));
}

KIN_ON_EVERY_DATABASE(EventParts);

}  // namespace kin::test::event_parts
